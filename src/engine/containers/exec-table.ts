import type { ExecSettings, ExecView } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';

export interface ExecRecord {
  readonly id: string;
  readonly containerId: string;
  readonly settings: ExecSettings;
  status: 'created' | 'starting' | 'running' | 'exited';
  pid: number;
  exitCode: number | undefined;
  /** Resolves at the exit, with the code. */
  readonly exited: PromiseWithResolvers<number>;
}

/** Execs live as long as their container's run, in memory only, as Docker's do. */
export interface ExecTable {
  add(record: ExecRecord): void;
  /** @throws NotFound in Docker's words */
  get(id: string): ExecRecord;
  find(id: string): ExecRecord | undefined;
  /** Ids of the execs of a container that have not exited. */
  liveOf(containerId: string): string[];
  removeOf(containerId: string): void;
}

export function createExecTable(): ExecTable {
  const records = new Map<string, ExecRecord>();
  function of(containerId: string): ExecRecord[] {
    return [...records.values()].filter((record) => record.containerId === containerId);
  }
  return {
    add: (record) => records.set(record.id, record),
    get(id) {
      const record = records.get(id);
      if (!record) throw new DhowError('NotFound', `No such exec instance: ${id.slice(0, 100)}`);
      return record;
    },
    find: (id) => records.get(id),
    liveOf: (containerId) =>
      of(containerId)
        .filter((record) => record.status === 'running')
        .map((record) => record.id),
    removeOf(containerId) {
      for (const record of of(containerId)) records.delete(record.id);
    },
  };
}

export function viewExec(record: ExecRecord): ExecView {
  return {
    id: record.id,
    containerId: record.containerId,
    settings: record.settings,
    running: record.status === 'running',
    exitCode: record.exitCode,
    pid: record.pid,
  };
}
