import fs from 'node:fs';

export interface HostFacts {
  operatingSystem: string;
  osVersion: string;
  backingFilesystem: string;
}

/** What does not change while the daemon runs. */
export function readHostFacts(dataRoot: string): HostFacts {
  const release = parseOsRelease(fs.readFileSync('/etc/os-release', 'utf8'));
  return {
    operatingSystem: release['PRETTY_NAME'] ?? 'Linux',
    osVersion: release['VERSION_ID'] ?? '',
    backingFilesystem: filesystemOf(dataRoot, fs.readFileSync('/proc/self/mountinfo', 'utf8')),
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
