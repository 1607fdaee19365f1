import { DhowError } from '#errors/error.ts';

/**
 * Things that one call brings and another one asks for by name, in either order: the calls of a client come side by side.
 */
export interface WaitingRoom<T> {
  get(name: string): T | undefined;
  /** @throws Conflict for a name that is taken; InvalidParameter for one that is none */
  add(name: string, value: T): void;
  remove(name: string): void;
  /** @throws NotFound when it does not come; the reason of `signal` */
  find(name: string, signal: AbortSignal): Promise<T>;
}

/** As long as BuildKit waits. */
const patienceMilliseconds = 5_000;

/** @param kind what messages call the things */
export function createWaitingRoom<T>(kind: string): WaitingRoom<T> {
  const present = new Map<string, T>();
  const arrivals = new EventTarget();

  return {
    get: (name) => present.get(name),
    add(name, value) {
      if (!/^[\w-]{1,128}$/.test(name))
        throw new DhowError('InvalidParameter', `the ${kind} has no valid name`);
      if (present.has(name)) throw new DhowError('Conflict', `there is a ${kind} ${name} already`);
      present.set(name, value);
      arrivals.dispatchEvent(new Event(name));
    },
    remove: (name) => void present.delete(name),
    async find(name, signal) {
      const patience = AbortSignal.timeout(patienceMilliseconds);
      const either = AbortSignal.any([signal, patience]);
      const { promise, resolve } = Promise.withResolvers<void>();
      const there = (): void => resolve();
      arrivals.addEventListener(name, there);
      either.addEventListener('abort', there);
      try {
        if (!present.has(name) && !either.aborted) await promise;
      } finally {
        arrivals.removeEventListener(name, there);
        either.removeEventListener('abort', there);
      }
      const found = present.get(name);
      if (found !== undefined) return found;
      signal.throwIfAborted();
      throw new DhowError('NotFound', `there is no ${kind} ${name.slice(0, 128)}`);
    },
  };
}
