import fs from 'node:fs';
import { logDriverOf, logPlanOf } from '#engine/containers/log-plan.ts';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { messageOf } from '#errors/error.ts';
import { compressLogs } from '#runtime/compress-logs.ts';
import { hasCode } from '#sys/libc.ts';

/** A log can outgrow its limit by what is written in this time; looking costs one stat for each running container. */
const periodMs = 2000;

type Parts = Pick<ContainerContext, 'table' | 'runtime' | 'log' | 'containersDirectory'>;

/** Keeps the logs of running containers within their limits, until it is disposed. */
export function keepLogs(parts: Parts): Disposable {
  /** Ids of containers with files to compress: as soon as their writers have left these. */
  const rotated = new Set<string>();
  let compressing = Promise.resolve();
  const timer = setInterval(() => {
    for (const record of parts.table.list()) {
      if (!isLive(record)) rotated.delete(record.id);
      else if (rotated.delete(record.id)) compressing = compressing.then(() => compress(parts, record));
      else if (rotateIfLarge(parts, record)) rotated.add(record.id);
    }
  }, periodMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** @returns whether there is something to compress */
function rotateIfLarge(parts: Parts, record: ContainerRecord): boolean {
  if (logDriverOf(record) === 'none') return false;
  const { maxBytes, keep, compress } = logPlanOf(record);
  if (maxBytes === undefined) return false;
  const { log } = pathsOf(parts.containersDirectory, record.id);
  try {
    // Missing after a daemon was killed between moving the log and having a new one opened.
    if ((sizeOf(log) ?? maxBytes) < maxBytes) return false;
    parts.runtime.rotateLog(record.id, log, keep);
    return compress;
  } catch (error) {
    parts.log.warn('log not rotated', { container: record.id, error: messageOf(error) });
    return false;
  }
}

async function compress(parts: Parts, { id }: ContainerRecord): Promise<void> {
  try {
    await compressLogs(pathsOf(parts.containersDirectory, id).log);
  } catch (error) {
    // Removed meanwhile, or the disk is full: the files are as good uncompressed.
    if (!hasCode(error, 'ENOENT')) {
      parts.log.warn('log not compressed', { container: id, error: messageOf(error) });
    }
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
