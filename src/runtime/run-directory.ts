import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { processParents } from '#runtime/conmon/directories.ts';
import { hasCode } from '#sys/libc.ts';

/** <linux/magic.h>: tmpfs and ramfs. */
const memoryTypes = [0x01021994, 0x858458f6];

/**
 * Makes the directory where a runtime keeps bundles, sockets and pids. They have to go with the processes at a reboot, and every start makes
 * and removes some twenty files, so they lie in memory: on a host whose /run is on a disk, the directory becomes a link into `memory` (with
 * ext4 below, 64 starts at once took twice the time). A mount would do as well, but for a daemon that is started again in another mount
 * namespace, as a service manager may do, which would not find its containers.
 *
 * It outlives the daemon, as the containers do; disposing takes it away when there are none.
 *
 * @param directory of the runtime alone; nobody else may be using it
 */
export function takeRunDirectory(directory: string, log: Log, memory = '/dev/shm'): Disposable {
  fs.mkdirSync(path.dirname(directory), { recursive: true, mode: 0o711 });
  if (!isUsable(directory)) {
    // Only the link, where it is one.
    fs.rmSync(directory, { recursive: true, force: true });
    makeDirectory(directory, log, memory);
  }
  return {
    [Symbol.dispose]() {
      if (holdsProcesses(directory)) return;
      const target = readLink(directory);
      if (target !== undefined) fs.rmSync(target, { recursive: true, force: true });
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Whether an earlier daemon's directory is to be used again: something runs there, or it is where this one would make it. A link's target is
 * gone after a reboot, and anybody may have made another one by its name.
 */
function isUsable(directory: string): boolean {
  const stat = fs.statSync(directory, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return false;
  if (readLink(directory) === undefined) return liesInMemory(directory) || holdsProcesses(directory);
  return stat.uid === process.geteuid?.() && (stat.mode & 0o077) === 0;
}

function makeDirectory(directory: string, log: Log, memory: string): void {
  if (!liesInMemory(path.dirname(directory))) {
    try {
      if (liesInMemory(memory)) {
        fs.symlinkSync(fs.mkdtempSync(path.join(memory, 'dhow-')), directory);
        return;
      }
    } catch (error) {
      log.warn('run-directory-on-disk', { directory, error: messageOf(error) });
    }
  }
  fs.mkdirSync(directory, { mode: 0o700 });
}

function liesInMemory(directory: string): boolean {
  return memoryTypes.includes(fs.statfsSync(directory).type >>> 0);
}

function readLink(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch (error) {
    if (hasCode(error, 'EINVAL', 'ENOENT')) return undefined;
    throw error;
  }
}

/** Containers and execs, running or not yet deleted. */
function holdsProcesses(directory: string): boolean {
  return processParents(directory).some(
    (parent) => fs.existsSync(parent) && fs.readdirSync(parent).length > 0,
  );
}
