import fs from 'node:fs';
import path from 'node:path';
import { type ProcessDirectory, readSpec } from '#runtime/conmon/directories.ts';
import { type CgroupHierarchies, findCgroupDirectories } from '#sys/cgroup.ts';
import { parseKeys } from '#sys/cgroup-usage.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * Tells, once, that the kernel has killed a process of a container for want of memory: conmon makes a file of it. On version 2 conmon 2.1
 * misses what comes after the first time that the limit was only reached, so there the kernel's own count is watched, and the file made here.
 */
export function watchOom(
  cgroups: CgroupHierarchies,
  directory: ProcessDirectory,
  onOom: () => void,
): Disposable {
  const file = directory.file('oom');
  const events = cgroups.version === 2 ? findEvents(cgroups, directory) : undefined;
  const watcher = watch(events ?? directory.path);
  function look(): void {
    if (events !== undefined && countKills(events) > 0 && fs.existsSync(directory.path))
      fs.writeFileSync(file, '');
    if (!fs.existsSync(file)) return;
    watcher?.close();
    onOom();
  }
  watcher?.on('change', look);
  watcher?.on('error', () => {});
  // A former daemon's container may have been through it.
  look();
  return { [Symbol.dispose]: () => watcher?.close() };
}

function findEvents(cgroups: CgroupHierarchies, directory: ProcessDirectory): string | undefined {
  const group = readSpec(directory)?.linux.cgroupsPath;
  const [place] = group === undefined ? [] : findCgroupDirectories(cgroups, group);
  return place === undefined ? undefined : path.join(place, 'memory.events');
}

function countKills(events: string): number {
  try {
    return parseKeys(fs.readFileSync(events, 'utf8'))['oom_kill'] ?? 0;
  } catch (error) {
    // ENODEV: the group goes while it is read.
    if (hasCode(error, 'ENOENT', 'ENODEV')) return 0;
    throw error;
  }
}

/** undefined when the host's limit of watches (inotify(7)) is reached: the exit tells it too. */
function watch(file: string): fs.FSWatcher | undefined {
  try {
    return fs.watch(file, { persistent: false });
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EMFILE', 'ENOENT')) return undefined;
    throw error;
  }
}
