import type { Digest } from '#image/digest.ts';

/**
 * What a pull, load or build under way needs, which no row says yet. A lease, taken before its holder's first look into the stores and kept
 * until its image is recorded, holds all that is added to the stores or found in them meanwhile, by whomever: between a look and
 * its use nothing is collected.
 */
export interface Leases {
  lease(): Lease;
  /** Told by the stores of what was added, and of what somebody asked for and was there, in the same synchronous stretch. */
  note(digest: Digest): void;
  isHeld(digest: Digest): boolean;
  /** Whether there is a lease at all. */
  isAnyHeld(): boolean;
}

export interface Lease extends Disposable {
  /** Holds what is known without a look. */
  hold(digests: Iterable<Digest>): void;
}

export function createLeases(): Leases {
  const leases = new Set<Set<Digest>>();
  return {
    lease() {
      const held = new Set<Digest>();
      leases.add(held);
      return {
        hold(digests) {
          for (const digest of digests) held.add(digest);
        },
        [Symbol.dispose]: () => void leases.delete(held),
      };
    },
    note(digest) {
      for (const held of leases) held.add(digest);
    },
    isHeld(digest) {
      for (const held of leases) if (held.has(digest)) return true;
      return false;
    },
    isAnyHeld: () => leases.size > 0,
  };
}
