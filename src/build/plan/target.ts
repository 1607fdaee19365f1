import { didYouMean } from '#build/dockerfile/suggest.ts';
import type { Dockerfile, StageSource } from '#build/dockerfile.ts';
import { DhowError } from '#errors/error.ts';

/**
 * The stage to build: by name (of several the last), by number, or the last of the file.
 * @throws NotFound with the names that there are
 */
export function findTarget(dockerfile: Pick<Dockerfile, 'stages' | 'source'>, target: string): StageSource {
  const { stages, source } = dockerfile;
  const wanted = target.toLowerCase();
  const found =
    target === ''
      ? stages.at(-1)
      : (stages.findLast(({ name }) => name === wanted) ??
        (/^\d+$/.test(target) ? stages[Number(target)] : undefined));
  if (found !== undefined) return found;
  const names = stages.flatMap(({ name }) => name ?? []);
  const hint = didYouMean(wanted, names);
  const list = names.length === 0 ? 'its stages have no names' : `it has ${names.join(', ')}`;
  throw new DhowError(
    'NotFound',
    `${source.name} has no stage "${target.slice(0, 100)}"${hint === '' ? `: ${list}` : hint}`,
  );
}
