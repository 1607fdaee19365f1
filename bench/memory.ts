import fs from 'node:fs';

export interface ProcessMemory {
  readonly pid: number;
  readonly parent: number;
  /** Kernel's name, at most 15 characters. */
  readonly name: string;
  readonly commandLine: string;
  /** Proportional set size: what is shared counts once, in shares. KiB. */
  readonly pss: number;
  /** Resident set size, KiB. */
  readonly rss: number;
}

/** The processes of the host that `wanted` picks, with their memory. One that ends meanwhile is left out. */
export function readProcesses(
  wanted: (process: Omit<ProcessMemory, 'pss' | 'rss'>) => boolean,
): ProcessMemory[] {
  return fs
    .readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const known = readIdentity(Number(entry));
        return wanted(known) ? { ...known, ...readMemory(known.pid) } : [];
      } catch {
        return [];
      }
    });
}

export function totalOf(processes: readonly ProcessMemory[], measure: 'pss' | 'rss'): number {
  return processes.reduce((sum, process) => sum + process[measure], 0);
}

function readIdentity(pid: number): Omit<ProcessMemory, 'pss' | 'rss'> {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const end = stat.lastIndexOf(')');
  return {
    pid,
    // Behind the name: the state, then the parent.
    parent: Number(stat.slice(end + 2).split(' ')[1]),
    name: stat.slice(stat.indexOf('(') + 1, end),
    commandLine: fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
  };
}

function readMemory(pid: number): Pick<ProcessMemory, 'pss' | 'rss'> {
  const rollup = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0);
  return { pss: field('Pss'), rss: field('Rss') };
}
