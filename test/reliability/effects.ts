import fs from 'node:fs';
import path from 'node:path';

/** One effect of the daemon, and the how manieth of its name. */
export interface CrashPoint {
  name: string;
  nth: number;
}

/** Tells a daemon with `effects-hook.mjs` what to do at its effects. */
export interface EffectControl {
  readonly environment: Readonly<Record<string, string>>;
  /** Effects are named from now on, in order. */
  record(): void;
  /** What was named since `record`, and an end to it. */
  recorded(): CrashPoint[];
  /** The daemon dies before this effect. */
  killAt(point: CrashPoint): void;
  off(): void;
}

export const daemonWithEffects = path.join(import.meta.dirname, 'dhow-with-effects');

/** @param roots paths that differ from run to run, and what they are called in names of effects */
export function createEffectControl(directory: string, roots: readonly [string, string][]): EffectControl {
  const [control, trace] = [path.join(directory, 'effects'), path.join(directory, 'effects-trace')];
  // Renamed into place: the daemon reads it at any time.
  const say = (text: string): void => {
    fs.writeFileSync(`${control}.new`, text);
    fs.renameSync(`${control}.new`, control);
  };
  say('off');
  return {
    environment: { DHOW_EFFECTS_CONTROL: control, DHOW_EFFECTS_ROOTS: JSON.stringify(roots) },
    record() {
      fs.writeFileSync(trace, '');
      say(`record ${trace}`);
    },
    recorded() {
      say('off');
      const counts = new Map<string, number>();
      return fs
        .readFileSync(trace, 'utf8')
        .split('\n')
        .filter((name) => name !== '')
        .map((name) => {
          const nth = (counts.get(name) ?? 0) + 1;
          counts.set(name, nth);
          return { name, nth };
        });
    },
    killAt: ({ name, nth }) => say(`kill ${nth} ${name}`),
    off: () => say('off'),
  };
}
