import { setTimeout as delay } from 'node:timers/promises';
import { logPlanOf, logSubjectOf } from '#engine/containers/log-plan.ts';
import { isLive } from '#engine/containers/lookup.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { Waiters } from '#engine/containers/wait.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { LogDestination } from '#log-drivers/destination.ts';
import { forwardLog } from '#log-drivers/forward.ts';
import { openDestination } from '#log-drivers/open-destination.ts';

/** Sends the output of containers to where their log drivers want it, besides the log's files. */
export interface LogForwarders {
  /** @throws Unavailable when the destination of the container's log cannot be reached */
  probe(record: ContainerRecord): Promise<void>;
  /** Sends what the container writes, and has written, until it ends and everything is sent. */
  follow(record: ContainerRecord): void;
  /** Waits until everything is sent, but not for ever, and ends it. The container does not run. */
  finish(record: ContainerRecord): Promise<void>;
  /** The next daemon goes on. */
  stopAll(): Promise<void>;
}

interface Running {
  abort: AbortController;
  done: Promise<void>;
  /** The container was started again meanwhile. */
  again: boolean;
}

export interface LogForwarderParts {
  waiters: Waiters;
  containersDirectory: string;
  journaldSocket: string;
  log: Log;
}

/** So long the removal of a container waits for a destination that takes nothing. */
const patienceMs = 5000;

export function createLogForwarders(parts: LogForwarderParts): LogForwarders {
  const { waiters, containersDirectory, journaldSocket, log } = parts;
  const running = new Map<string, Running>();

  async function open(record: ContainerRecord): Promise<LogDestination | undefined> {
    const { destination: settings } = logPlanOf(record);
    if (settings === undefined) return undefined;
    const { logOptions: options } = record.settings.host;
    return openDestination({ settings, options, subject: logSubjectOf(record), journaldSocket });
  }

  async function runEnd(record: ContainerRecord, signal: AbortSignal): Promise<void> {
    if (isLive(record)) await waiters.wait(record.id, 'exit', signal);
  }

  async function forward(record: ContainerRecord, signal: AbortSignal): Promise<void> {
    const paths = pathsOf(containersDirectory, record.id);
    try {
      await forwardLog({
        log: paths.log,
        cursor: paths.logCursor,
        open: async () => {
          const destination = await open(record);
          if (destination === undefined) throw new Error('the log has no destination');
          return destination;
        },
        ended: runEnd(record, signal),
        signal,
        onTrouble: (error) => log.warn('log waits for its destination', { container: record.id, error }),
      });
    } catch (error) {
      // Without a directory there is no log: the container has never run.
      if (signal.aborted || kindOf(error) === 'NotFound') return;
      log.error('log not forwarded', { container: record.id, error: messageOf(error) });
    }
  }

  function follow(record: ContainerRecord): void {
    const current = running.get(record.id);
    if (current !== undefined) {
      current.again = true;
      return;
    }
    if (logPlanOf(record).destination === undefined || record.state.status === 'created') return;
    const abort = new AbortController();
    const entry: Running = { abort, again: false, done: forward(record, abort.signal).then(ended) };
    running.set(record.id, entry);
    function ended(): void {
      running.delete(record.id);
      if (entry.again && !abort.signal.aborted) follow(record);
    }
  }

  return {
    async probe(record) {
      (await open(record))?.close();
    },
    follow,
    async finish(record) {
      follow(record);
      const entry = running.get(record.id);
      if (entry === undefined) return;
      const patience = new AbortController();
      await Promise.race([entry.done, delay(patienceMs, undefined, patience).catch(() => {})]);
      patience.abort();
      entry.abort.abort();
      await entry.done;
    },
    async stopAll() {
      const entries = [...running.values()];
      for (const { abort } of entries) abort.abort();
      await Promise.all(entries.map(({ done }) => done));
    },
  };
}
