import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { snapshotHost } from '../../tools/host-clean/snapshot.ts';
import type { Daemon } from '../support/daemon.ts';

/** What the daemon holds when all but one container has been removed. */
export interface Sample {
  requests: number;
  load: number;
  measures: Record<Measure, number>;
}

const limits = {
  /** Resident, and of it what is not a file: heap, buffers, stacks. */
  'RSS MB': { growth: 1.25, slack: 40 },
  'anonymous MB': { growth: 1.25, slack: 40 },
  /** A thread for file trees that has not been idle for long has five descriptors. */
  descriptors: { growth: 1, slack: 10 },
  threads: { growth: 1, slack: 4 },
  'disk MB': { growth: 1.1, slack: 8 },
  'files on disk': { growth: 1, slack: 8 },
  mounts: { growth: 1, slack: 0 },
  links: { growth: 1, slack: 0 },
  cgroups: { growth: 1, slack: 0 },
  processes: { growth: 1, slack: 0 },
  'nft lines': { growth: 1, slack: 0 },
} as const;
type Measure = keyof typeof limits;
const names = Object.keys(limits) as Measure[];

export const sampleTitle = `| requests | load | ${names.join(' | ')} |\n|${' --- |'.repeat(names.length + 2)}`;

export function formatSample({ requests, load, measures }: Sample): string {
  return `| ${[requests, load.toFixed(1), ...names.map((name) => Math.round(measures[name]))].join(' | ')} |`;
}

export function takeSample(daemon: Daemon, requests: number): Sample {
  const status = fs.readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const lines = [...snapshotHost()].filter((line) =>
    [
      daemon.directory,
      daemon.dataRoot,
      daemon.runRoot,
      daemon.bridge,
      daemon.nftTable,
      daemon.cgroupParent,
    ].some((own) => line.includes(own)),
  );
  const count = (kind: string): number => lines.filter((line) => line.startsWith(`${kind} `)).length;
  const [disk = '0'] = execFileSync('du', ['-sk', daemon.dataRoot], { encoding: 'utf8' }).split('\t');
  return {
    requests,
    load: os.loadavg()[0] ?? 0,
    measures: {
      'RSS MB': kilobytes('VmRSS') / 1024,
      'anonymous MB': kilobytes('RssAnon') / 1024,
      descriptors: fs.readdirSync(`/proc/${daemon.pid}/fd`).length,
      threads: kilobytes('Threads'),
      'disk MB': Number(disk) / 1024,
      'files on disk': fs.readdirSync(daemon.dataRoot, { recursive: true }).length,
      mounts: count('mount'),
      links: count('link'),
      cgroups: count('cgroup'),
      processes: count('process'),
      'nft lines': count('nft'),
    },
  };
}

/** Compares the last third of a run with the first, whose first sample (caches fill, code is compiled) does not count. */
export function findGrowth(samples: readonly Sample[]): string[] {
  const third = Math.floor((samples.length - 1) / 3);
  if (third < 1) return [];
  const [first, last] = [samples.slice(1, 1 + third), samples.slice(-third)];
  const most = (some: readonly Sample[], name: Measure): number =>
    Math.max(...some.map(({ measures }) => measures[name]));
  return names.flatMap((name) => {
    const { growth, slack } = limits[name];
    const [before, after] = [most(first, name), most(last, name)];
    return after > before * growth + slack
      ? [`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)}`]
      : [];
  });
}
