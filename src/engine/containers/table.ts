import type { ContainerSettings } from '#engine/container-settings.ts';
import type { ContainerMount } from '#engine/containers/container-mount.ts';
import type { ContainerState, EffectiveProcess } from '#engine/containers.ts';
import type { Digest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

/** Everything the engine knows of one container. Held in memory and written through to the database. */
export interface ContainerRecord {
  readonly id: string;
  name: string;
  readonly createdAt: Date;
  readonly imageId: Digest;
  /** Diff ids, base first; kept by the record itself, because the image may be removed by force. */
  readonly layers: readonly Digest[];
  readonly platform: string;
  settings: ContainerSettings;
  readonly effective: EffectiveProcess;
  /** The settings' mounts, those of other containers and the image's volumes, with the names that anonymous volumes were given. */
  mounts: readonly ContainerMount[];
  state: ContainerState;
  restartCount: number;
  /** The last stop or kill came from a client: `unless-stopped` stays down over a restart of the daemon. */
  stoppedByUser: boolean;
}

/** What changes rarely and what changes at every start and exit are two columns, so that an exit writes little. */
export const containerMigration = {
  version: 2,
  name: '0002-containers',
  sql: `
    CREATE TABLE containers (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      definition TEXT NOT NULL,
      status TEXT NOT NULL
    ) STRICT;`,
  documents: { containers: ['definition', 'status'] },
} as const;

/** The container rows. Readers use the maps in memory; there is one writer, this process. */
export interface ContainerTable {
  get(id: string): ContainerRecord | undefined;
  findByName(name: string): ContainerRecord | undefined;
  /** Every container whose id begins so; at most two are of interest. */
  findByIdPrefix(prefix: string): ContainerRecord[];
  list(): ContainerRecord[];
  /** `alongside` is part of the transaction. The caller has checked that the name is free, in the same synchronous stretch. */
  insert(record: ContainerRecord, alongside: () => void): void;
  /** Name, settings. */
  saveDefinition(record: ContainerRecord): void;
  /** State, restart count, stop by the user. */
  saveStatus(record: ContainerRecord): void;
  /** `alongside` is part of the transaction. */
  remove(id: string, alongside: () => void): void;
}

interface Row {
  id: string;
  name: string;
  definition: string;
  status: string;
}

export function createContainerTable(database: Database): ContainerTable {
  const { sql } = database;
  const insertRow = sql.prepare('INSERT INTO containers (id, name, definition, status) VALUES (?, ?, ?, ?)');
  const updateDefinition = sql.prepare('UPDATE containers SET name = ?, definition = ? WHERE id = ?');
  const updateStatus = sql.prepare('UPDATE containers SET status = ? WHERE id = ?');
  const deleteRow = sql.prepare('DELETE FROM containers WHERE id = ?');

  const byId = new Map<string, ContainerRecord>();
  const byName = new Map<string, ContainerRecord>();
  for (const row of sql.prepare('SELECT id, name, definition, status FROM containers').all()) {
    const record = decodeRow(row as unknown as Row);
    byId.set(record.id, record);
    byName.set(record.name, record);
  }

  return {
    get: (id) => byId.get(id),
    findByName: (name) => byName.get(name),
    findByIdPrefix: (prefix) => [...byId.values()].filter((record) => record.id.startsWith(prefix)),
    list: () => [...byId.values()],
    insert(record, alongside) {
      database.transaction(() => {
        alongside();
        insertRow.run(record.id, record.name, encodeDefinition(record), encodeStatus(record));
      });
      // Not before the commit, which the disk may refuse.
      byId.set(record.id, record);
      byName.set(record.name, record);
    },
    saveDefinition(record) {
      updateDefinition.run(record.name, encodeDefinition(record), record.id);
      for (const [name, owner] of byName) if (owner === record && name !== record.name) byName.delete(name);
      byName.set(record.name, record);
    },
    saveStatus(record) {
      updateStatus.run(encodeStatus(record), record.id);
    },
    remove(id, alongside) {
      database.transaction(() => {
        alongside();
        deleteRow.run(id);
      });
      const record = byId.get(id);
      byId.delete(id);
      if (record) byName.delete(record.name);
    },
  };
}

function encodeDefinition(record: ContainerRecord): string {
  const { createdAt, imageId, layers, platform, settings, effective, mounts } = record;
  return JSON.stringify({ createdAt, imageId, layers, platform, settings, effective, mounts });
}

function encodeStatus(record: ContainerRecord): string {
  const { state, restartCount, stoppedByUser } = record;
  return JSON.stringify({ state, restartCount, stoppedByUser });
}

function decodeRow(row: Row): ContainerRecord {
  // Rows are written by this file only; their schema changes by migration.
  const definition = JSON.parse(row.definition) as Omit<ContainerRecord, 'id' | 'name' | 'createdAt'> & {
    createdAt: string;
  };
  const status = JSON.parse(row.status, reviveDate) as Pick<
    ContainerRecord,
    'state' | 'restartCount' | 'stoppedByUser'
  >;
  const { settings } = definition;
  return {
    ...definition,
    ...status,
    settings: { ...settings, host: { ...laterSettings, ...settings.host } },
    id: row.id,
    name: row.name,
    createdAt: new Date(definition.createdAt),
  };
}

/** What rows of earlier versions do not have. */
const laterSettings = { deviceRequests: [], links: [], volumesFrom: [], storageOptions: {} };

function reviveDate(key: string, value: unknown): unknown {
  return (key === 'startedAt' || key === 'finishedAt') && typeof value === 'string' ? new Date(value) : value;
}
