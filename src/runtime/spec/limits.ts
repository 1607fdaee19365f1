import { DhowError } from '#errors/error.ts';
import type { OciProcess } from '#runtime/oci.ts';

/** Limits of the daemon's own process, by the kernel's name (`RLIMIT_NOFILE`); -1 is unlimited. */
export type HardLimits = Record<string, number>;

const limitNames: Record<string, string> = {
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

/** Parses /proc/<pid>/limits (proc(5)). */
export function parseHardLimits(text: string): HardLimits {
  const limits: HardLimits = {};
  for (const [name, title] of Object.entries(limitNames)) {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${title} `));
    const hard = line?.slice(title.length).trim().split(/\s+/)[1];
    if (hard !== undefined) limits[name] = hard === 'unlimited' ? -1 : Number(hard);
  }
  return limits;
}

/**
 * `--ulimit` settings for the runtime spec. -1 is unlimited.
 * @throws InvalidParameter for an unknown name, a soft limit above the hard one, or more than the daemon may give
 */
export function buildRlimits(
  wishes: { name: string; soft: number; hard: number }[],
  { hardLimits, mayRaise }: { hardLimits: HardLimits; mayRaise: boolean },
): NonNullable<OciProcess['rlimits']> {
  return wishes.map(({ name, soft, hard }) => {
    if (!Object.hasOwn(limitNames, name))
      throw new DhowError('InvalidParameter', `invalid ulimit type: ${name}`);
    if (exceeds(soft, hard)) {
      throw new DhowError(
        'InvalidParameter',
        `ulimit ${name}: the soft limit ${soft} is above the hard limit ${hard}`,
      );
    }
    const most = hardLimits[name] ?? -1;
    if (!mayRaise && exceeds(hard, most)) {
      throw new DhowError(
        'InvalidParameter',
        `ulimit ${name}: the hard limit ${hard} is more than the daemon may give (${most}); ` +
          'it lacks CAP_SYS_RESOURCE, so start it with a higher limit',
      );
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft, hard };
  });
}

function exceeds(value: number, bound: number): boolean {
  return bound !== -1 && (value === -1 || value > bound);
}

/** @throws InvalidParameter when the process would be spared more than the daemon may allow */
export function checkOomScore(score: number, { own, mayLower }: { own: number; mayLower: boolean }): void {
  if (!Number.isInteger(score) || score < -1000 || score > 1000) {
    throw new DhowError(
      'InvalidParameter',
      `Invalid value ${score}, range for oom score adj is [-1000, 1000]`,
    );
  }
  if (score < own && !mayLower) {
    throw new DhowError(
      'InvalidParameter',
      `oom score adj ${score} is below the daemon's own (${own}), and the daemon lacks CAP_SYS_RESOURCE to grant it`,
    );
  }
}
