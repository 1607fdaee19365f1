import fs from 'node:fs';
import type { SystemInfo } from '#engine/system.ts';

export interface HostFacts {
  operatingSystem: string;
  osVersion: string;
  backingFilesystem: string;
  limits: SystemInfo['limits'];
}

/** What does not change while the daemon runs. */
export function readHostFacts(dataRoot: string, cgroupVersion: 1 | 2): HostFacts {
  const release = parseOsRelease(fs.readFileSync('/etc/os-release', 'utf8'));
  return {
    operatingSystem: release['PRETTY_NAME'] ?? 'Linux',
    osVersion: release['VERSION_ID'] ?? '',
    backingFilesystem: filesystemOf(dataRoot, fs.readFileSync('/proc/self/mountinfo', 'utf8')),
    limits: cgroupVersion === 2 ? limitsOfV2() : limitsOfV1(),
  };
}

/** os-release(5): KEY=value lines, values optionally quoted. */
export function parseOsRelease(text: string): Record<string, string> {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const match = /^([A-Z_]+)=(["']?)(.*)\2$/.exec(line.trim());
    return match ? [[match[1] as string, match[3] as string]] : [];
  });
  return Object.fromEntries(pairs);
}

/** File system type of the innermost mount that holds `directory` (proc_pid_mountinfo(5)). */
export function filesystemOf(directory: string, mountinfo: string): string {
  let best = { point: '', type: 'unknown' };
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const point = before?.split(' ')[4];
    const type = after?.split(' ')[0];
    if (point === undefined || type === undefined || point.length < best.point.length) continue;
    if (directory === point || directory.startsWith(point === '/' ? '/' : `${point}/`))
      best = { point, type };
  }
  return best.type;
}

function limitsOfV1(): SystemInfo['limits'] {
  const has = (path: string) => fs.existsSync(`/sys/fs/cgroup/${path}`);
  return {
    memory: has('memory/memory.limit_in_bytes'),
    swap: has('memory/memory.memsw.limit_in_bytes'),
    cpuShares: has('cpu/cpu.shares'),
    cpuCfs: has('cpu/cpu.cfs_quota_us'),
    cpuset: has('cpuset/cpuset.cpus'),
    pids: has('pids/cgroup.procs'),
    oomKillDisable: has('memory/memory.oom_control'),
  };
}

function limitsOfV2(): SystemInfo['limits'] {
  const controllers = new Set(fs.readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim().split(' '));
  return {
    memory: controllers.has('memory'),
    swap: controllers.has('memory'),
    cpuShares: controllers.has('cpu'),
    cpuCfs: controllers.has('cpu'),
    cpuset: controllers.has('cpuset'),
    pids: controllers.has('pids'),
    // cgroup v2 has no such switch.
    oomKillDisable: false,
  };
}
