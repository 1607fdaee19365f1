import fs from 'node:fs';
import path from 'node:path';
import { hasCode } from '#sys/libc.ts';

/** Where the kernel's control groups are mounted. */
export interface CgroupHierarchies {
  /** 2 when everything is on the unified hierarchy; 1 when controllers are on hierarchies of their own. */
  version: 1 | 2;
  mounts: CgroupMount[];
}

export interface CgroupMount {
  directory: string;
  /** The hierarchy of version 2, also beside version 1 ("hybrid"), where it has no controllers. */
  unified: boolean;
  /** Version 1: what the hierarchy was mounted for, such as `cpu`, `cpuacct` or `name=systemd`. */
  controllers: string[];
}

/** Reads /proc/self/mountinfo (proc(5)); only mounts of a hierarchy's root count, and of several the first. */
export function readCgroupHierarchies(): CgroupHierarchies {
  return parseCgroupMounts(fs.readFileSync('/proc/self/mountinfo', 'utf8'));
}

export function parseCgroupMounts(mountInfo: string): CgroupHierarchies {
  const mounts: CgroupMount[] = [];
  for (const line of mountInfo.split('\n')) {
    const [before, after] = line.split(' - ', 2);
    if (before === undefined || after === undefined) continue;
    const [, , , root, target, options] = before.split(' ');
    const [type, , superOptions] = after.split(' ');
    if (root !== '/' || target === undefined || options === undefined) continue;
    const directory = unescapeMountPath(target);
    if (type === 'cgroup2') {
      if (!mounts.some(({ unified }) => unified)) mounts.push({ directory, unified: true, controllers: [] });
    } else if (type === 'cgroup') {
      const controllers = (superOptions ?? '').split(',').filter((option) => !genericOptions.has(option));
      const known = mounts.some((mount) => mount.controllers.join() === controllers.join());
      if (!known) mounts.push({ directory, unified: false, controllers });
    }
  }
  const version = mounts.some(({ controllers }) => controllers.some((name) => !name.includes('='))) ? 1 : 2;
  return { version, mounts };
}

const genericOptions = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'release_agent', 'none']);

/** proc(5): space, tab, newline and backslash are written as three octal digits. */
function unescapeMountPath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The directories of one control group in all hierarchies; those that do not exist are left out. */
export function findCgroupDirectories(hierarchies: CgroupHierarchies, cgroupPath: string): string[] {
  return possibleDirectories(hierarchies, cgroupPath).filter((directory) => fs.existsSync(directory));
}

/** Nothing for a path that is a hierarchy's root or leaves it. */
function possibleDirectories({ mounts }: CgroupHierarchies, cgroupPath: string): string[] {
  if (!/^\/[^/]/.test(cgroupPath) || cgroupPath.split('/').includes('..')) return [];
  return mounts.map(({ directory }) => path.join(directory, cgroupPath));
}

/** Sends SIGKILL to every process in a control group and below it, frozen ones too. @returns how many there were */
export function killCgroup(hierarchies: CgroupHierarchies, cgroupPath: string): number {
  const pids = listCgroupProcesses(hierarchies, cgroupPath);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) throw error;
    }
  }
  thawCgroup(hierarchies, cgroupPath);
  return pids.size;
}

/** Ids of all processes in a control group and below it. */
export function listCgroupProcesses(hierarchies: CgroupHierarchies, cgroupPath: string): Set<number> {
  const pids = new Set<number>();
  for (const directory of findCgroupDirectories(hierarchies, cgroupPath)) {
    for (const group of withChildren(directory)) {
      for (const pid of readLines(path.join(group, 'cgroup.procs'))) pids.add(Number(pid));
    }
  }
  return pids;
}

/** Whether a process's control group has been told to freeze. */
export function isFrozen({ mounts }: CgroupHierarchies, pid: number): boolean {
  const freezers = mounts.filter(({ unified, controllers }) => unified || controllers.includes('freezer'));
  return readCgroupPaths(pid).some((group) =>
    freezers.some(({ directory }) =>
      ['freezer.state', 'cgroup.freeze'].some((file) =>
        readLines(path.join(directory, group, file)).some((line) => line.startsWith('FR') || line === '1'),
      ),
    ),
  );
}

/** Lets frozen processes go on; a signal reaches them only then (version 1). */
export function thawCgroup(hierarchies: CgroupHierarchies, cgroupPath: string): void {
  for (const directory of findCgroupDirectories(hierarchies, cgroupPath)) {
    for (const [file, value] of [
      ['freezer.state', 'THAWED'],
      ['cgroup.freeze', '0'],
    ] as const) {
      try {
        fs.writeFileSync(path.join(directory, file), value, { flag: 'r+' });
      } catch (error) {
        if (!hasCode(error, 'ENOENT', 'ENODEV')) throw error;
      }
    }
  }
}

/**
 * Removes a control group with the groups below it from all hierarchies.
 * @returns false when processes are still in it (those that were killed leave it a little later)
 */
export function removeCgroup(hierarchies: CgroupHierarchies, cgroupPath: string): boolean {
  const busy = possibleDirectories(hierarchies, cgroupPath).filter((directory) => !removeGroup(directory));
  // Groups below keep one busy as processes do.
  return busy.every((directory) => withChildren(directory).reverse().every(removeGroup));
}

/** @returns false when it is busy */
function removeGroup(directory: string): boolean {
  try {
    fs.rmdirSync(directory);
  } catch (error) {
    if (hasCode(error, 'EBUSY')) return false;
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return true;
}

/** The groups of a process, one for each hierarchy; none when there is no such process. */
export function readCgroupPaths(pid: number): string[] {
  return readLines(`/proc/${pid}/cgroup`).map((line) => line.split(':').slice(2).join(':'));
}

/** A directory and all below it, parents first. */
function withChildren(directory: string): string[] {
  const result = [directory];
  for (const group of result) {
    try {
      for (const entry of fs.readdirSync(group, { withFileTypes: true })) {
        if (entry.isDirectory()) result.push(path.join(group, entry.name));
      }
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENODEV')) throw error;
    }
  }
  return result;
}

function readLines(file: string): string[] {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    // EOPNOTSUPP: a threaded group of version 2, whose processes are listed by its parent.
    if (hasCode(error, 'ENOENT', 'ENODEV', 'ESRCH', 'EOPNOTSUPP')) return [];
    throw error;
  }
}
