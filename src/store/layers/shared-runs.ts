export interface Caller {
  onProgress: (value: number) => void;
  signal: AbortSignal;
}

export interface SharedRuns<Key, Result> {
  /**
   * Runs `work`, or waits for another caller's run for the same key and shares its result. When that run fails (its
   * caller may have given up, or had a bad source) the next caller in line tries with its own.
   * @param unused called instead of `work` when another's result was taken or the wait was given up
   * @throws the reason of the caller's own signal; what `work` throws
   */
  run(
    key: Key,
    caller: Caller,
    work: (onProgress: (value: number) => void) => Promise<Result>,
    unused: () => Promise<void>,
  ): Promise<Result>;
}

interface Run<Result> {
  result: Promise<Result>;
  listeners: Set<Caller['onProgress']>;
}

export function createSharedRuns<Key, Result>(): SharedRuns<Key, Result> {
  const runs = new Map<Key, Run<Result>>();

  return {
    async run(key, caller, work, unused) {
      for (let run = runs.get(key); run !== undefined; run = runs.get(key)) {
        const outcome = await watch(run, caller).catch(async (error: unknown) => {
          await unused();
          throw error;
        });
        if (outcome === undefined) continue;
        await unused();
        return outcome.result;
      }
      const listeners = new Set([caller.onProgress]);
      const result = work((value) => {
        for (const listener of listeners) listener(value);
      });
      const own = { result, listeners };
      runs.set(key, own);
      try {
        return await result;
      } finally {
        runs.delete(key);
      }
    },
  };
}

/** @returns undefined when the run failed. @throws the reason of the signal */
function watch<Result>(run: Run<Result>, caller: Caller): Promise<{ result: Result } | undefined> {
  const { signal, onProgress } = caller;
  run.listeners.add(onProgress);
  return new Promise<{ result: Result } | undefined>((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    run.result
      .then(
        (result) => resolve({ result }),
        () => resolve(undefined),
      )
      .finally(() => signal.removeEventListener('abort', leave));
  }).finally(() => run.listeners.delete(onProgress));
}
