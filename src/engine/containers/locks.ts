/** One lock per name, first come first served. Hold one at a time: there is no order between two names. */
export interface Locks {
  /** Resolves when the lock is ours; dispose it to let the next one in. */
  acquire(name: string): Promise<Disposable>;
}

export function createLocks(): Locks {
  const tails = new Map<string, Promise<void>>();
  return {
    async acquire(name) {
      const before = tails.get(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      const tail = before !== undefined ? before.then(() => promise) : promise;
      tails.set(name, tail);
      await before;
      return {
        [Symbol.dispose]() {
          if (tails.get(name) === tail) tails.delete(name);
          resolve();
        },
      };
    },
  };
}
