import { logDriverOf, logPlanOf, logSubjectOf } from '#engine/containers/log-plan.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import { readableAttributes } from '#log-drivers/attributes.ts';
import type { LogEntry, LogQuery } from '#runtime/logs.ts';
import { readLogs } from '#runtime/read-logs.ts';

/** See `ContainerService.logs`. Following ends with the container's run, or at once when it does not run. */
export async function followLogs(
  context: ContainerContext,
  nameOrId: string,
  query: LogQuery,
  signal: AbortSignal,
): Promise<AsyncIterable<LogEntry>> {
  const record = findContainer(context.table, nameOrId);
  if (!logPlanOf(record).readable) {
    throw new DhowError('Unsupported', 'configured logging driver does not support reading');
  }
  const { log } = pathsOf(context.containersDirectory, record.id);
  const ended = query.follow ? runEnd(context, record, signal) : Promise.resolve();
  try {
    return await readLogs(log, query, { ended, signal });
  } catch (error) {
    // A container that never started has no log.
    if (kindOf(error) === 'NotFound') return none();
    throw error;
  }
}

/** See `ContainerService.logAttributes`. */
export function logAttributes({ table }: ContainerContext, nameOrId: string): Record<string, string> {
  const record = findContainer(table, nameOrId);
  return readableAttributes(logDriverOf(record), record.settings.host.logOptions, logSubjectOf(record));
}

async function* none(): AsyncGenerator<LogEntry> {}

async function runEnd(
  context: ContainerContext,
  record: ContainerRecord,
  signal: AbortSignal,
): Promise<void> {
  if (!isLive(record)) return;
  try {
    await context.waiters.wait(record.id, 'exit', signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
