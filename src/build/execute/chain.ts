import { type Digest, digestOf } from '#image/digest.ts';

/** The layers of a file system, base first. */
export type Chain = readonly Digest[];

/** One text for the whole chain, for cache keys. The empty chain has one too. */
export function chainKey(chain: Chain): string {
  return digestOf(chain.join('\n'));
}

/** The key of a step: a digest over everything that decides what comes out. */
export function stepKey(kind: string, ...inputs: readonly unknown[]): string {
  // The number is raised when a step comes to mean something else.
  return digestOf(JSON.stringify([1, kind, ...inputs]));
}
