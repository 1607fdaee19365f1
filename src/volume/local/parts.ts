import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { Database } from '#store/database.ts';
import type { Holders } from '#volume/local/holders.ts';
import type { InOrder } from '#volume/local/in-order.ts';
import { readVolumeOptions } from '#volume/local/options.ts';
import type { VolumeTable } from '#volume/local/volume-table.ts';
import type { VolumeRecord } from '#volume/volume.ts';

/** What the verbs of the store share. */
export interface LocalParts {
  database: Database;
  /** Holds one directory for each volume. */
  directory: string;
  workers: Pick<ArchiveWorkers, 'pack' | 'unpack' | 'removeTree'>;
  log: Log;
  table: VolumeTable;
  holders: Holders;
  inOrder: InOrder;
}

/** @throws NotFound */
export function getVolume(parts: Pick<LocalParts, 'table'>, name: string): VolumeRecord {
  const found = parts.table.find(name);
  if (!found) throw new DhowError('NotFound', `get ${name.slice(0, 300)}: no such volume`);
  return found;
}

/** Where everything of a volume lies that is called so. */
export function directoryOf(parts: Pick<LocalParts, 'directory'>, name: string): string {
  return path.join(parts.directory, name);
}

/** Whether the volume is a file system of its own, or another directory, that is mounted when it is used. */
export function isMountKind(volume: VolumeRecord): boolean {
  return readVolumeOptions(volume.options).kind === 'mount';
}
