import { type Gathered, joinPath } from '#build/copy/gather.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import type { CopyStep } from '#build/steps.ts';

/** What is at the destination of a copy before it. */
export interface Destination {
  /** Byte path below the root, the existing part without symlinks. */
  path: string;
  kind: 'directory' | 'other' | 'absent';
  /** Directories above that are missing, from the top. */
  missingParents: string[];
}

/**
 * Where each gathered thing goes: the content of a directory goes into the destination, a file into it if it is a directory
 * (or is written as one) and else takes its place.
 * @returns the destination's own path for each, in the same order
 * @throws InvalidParameter when a file is where a directory must be
 */
export function placeGathered(
  step: Pick<CopyStep, 'destination' | 'destinationIsDirectory' | 'parents' | 'source' | 'range'>,
  gathered: readonly Pick<Gathered, 'isDirectory' | 'name'>[],
  destination: Destination,
): string[] {
  const refuse = (message: string): Error => dockerfileError(step.source, step.range, message);
  const intoDirectory = step.destinationIsDirectory || step.parents || destination.kind === 'directory';
  if (gathered.length > 1 && !intoDirectory) {
    throw refuse(
      `several sources need a directory as destination: write ${step.destination}/ with a slash at the end`,
    );
  }
  const needsDirectory = intoDirectory || gathered.some(({ isDirectory }) => isDirectory);
  if (destination.kind === 'other' && needsDirectory) {
    throw refuse(`the destination ${step.destination} is there and is not a directory`);
  }
  return gathered.map(({ isDirectory, name }) => {
    if (step.parents) return joinPath(destination.path, name);
    return isDirectory || !intoDirectory ? destination.path : joinPath(destination.path, name);
  });
}
