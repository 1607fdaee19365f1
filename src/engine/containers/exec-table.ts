import type { ExecSettings, ExecView } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';

export interface ExecRecord {
  readonly id: string;
  readonly containerId: string;
  readonly settings: ExecSettings;
  status: 'created' | 'starting' | 'running' | 'exited';
  pid: number;
  exitCode: number | undefined;
  /** Of `performance.now()`. */
  exitedAtMs: number | undefined;
  /** Resolves at the exit, with the code. */
  readonly exited: PromiseWithResolvers<number>;
}

/** After its exit an exec is kept for as long as Docker keeps it, so that its client can learn the code. */
const keptAfterExitMs = 5 * 60_000;

/** Execs are held in memory only, as Docker's are. */
export interface ExecTable {
  add(record: ExecRecord): void;
  /** @throws NotFound in Docker's words */
  get(id: string): ExecRecord;
  find(id: string): ExecRecord | undefined;
  /** Ids of the execs of a container that have not exited. */
  liveOf(containerId: string): string[];
  /** The container has exited: who has not started an exec of it cannot do so any more. */
  forgetUnstarted(containerId: string): void;
}

export function createExecTable(): ExecTable {
  const records = new Map<string, ExecRecord>();
  function of(containerId: string): ExecRecord[] {
    return [...records.values()].filter((record) => record.containerId === containerId);
  }
  function forgetOld(): void {
    const oldest = performance.now() - keptAfterExitMs;
    for (const { id, exitedAtMs } of records.values()) {
      if (exitedAtMs !== undefined && exitedAtMs < oldest) records.delete(id);
    }
  }
  return {
    add(record) {
      forgetOld();
      records.set(record.id, record);
    },
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
    forgetUnstarted(containerId) {
      for (const record of of(containerId)) if (record.status === 'created') records.delete(record.id);
    },
  };
}

export function markExited(record: ExecRecord, exitCode: number): void {
  record.status = 'exited';
  record.exitCode = exitCode;
  record.exitedAtMs = performance.now();
  record.exited.resolve(exitCode);
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
