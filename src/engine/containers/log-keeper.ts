import fs from 'node:fs';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { readLogLimits } from '#engine/log-options.ts';
import { messageOf } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

/** A log can outgrow its limit by what is written in this time; looking costs one stat for each running container. */
const periodMs = 2000;

type Parts = Pick<ContainerContext, 'table' | 'runtime' | 'log' | 'containersDirectory' | 'logLimits'>;

/** Keeps the logs of running containers within their limits, until it is disposed. */
export function keepLogs(parts: Parts): Disposable {
  const timer = setInterval(() => {
    for (const record of parts.table.list()) {
      if (isLive(record)) rotateIfLarge(parts, record);
    }
  }, periodMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function rotateIfLarge(parts: Parts, record: ContainerRecord): void {
  const { logDriver, logOptions } = record.settings.host;
  if (logDriver === 'none') return;
  const { maxBytes, keep } = readLogLimits(logOptions, parts.logLimits);
  if (maxBytes === undefined) return;
  const { log } = pathsOf(parts.containersDirectory, record.id);
  try {
    // Missing after a daemon was killed between moving the log and having a new one opened.
    if ((sizeOf(log) ?? maxBytes) >= maxBytes) parts.runtime.rotateLog(record.id, log, keep);
  } catch (error) {
    parts.log.warn('log not rotated', { container: record.id, error: messageOf(error) });
  }
}

function sizeOf(path: string): number | undefined {
  try {
    return fs.statSync(path).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
