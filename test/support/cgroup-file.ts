import fs from 'node:fs';
import path from 'node:path';
import { readCgroupHierarchies } from '../../src/sys/cgroup.ts';

/** Which version of control groups the host has. */
export const cgroupVersion = readCgroupHierarchies().version;

/** The directory of a process's control group: in the controller's hierarchy, or the only one. */
export function cgroupDirectory(pid: string, controller: string): string {
  const { version, mounts } = readCgroupHierarchies();
  const hierarchy = mounts.find(({ unified, controllers }) =>
    version === 2 ? unified : controllers.includes(controller),
  );
  const line = fs
    .readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .find((text) =>
      version === 2 ? text.startsWith('0::') : text.split(':')[1]?.split(',').includes(controller),
    );
  return path.join(hierarchy?.directory ?? '', line?.split(':').slice(2).join(':') ?? '');
}

/** What a file of a process's control group says, by its name on version 1 or 2. */
export function readCgroupFile(pid: string, controller: string, names: { v1: string; v2: string }): string {
  const name = cgroupVersion === 2 ? names.v2 : names.v1;
  return fs.readFileSync(path.join(cgroupDirectory(pid, controller), name), 'utf8').trim();
}
