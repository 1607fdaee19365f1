export interface SharedRuns {
  /** Resolves, or rejects, with the first run of the work that begins after this call. */
  next(): Promise<void>;
  /** The run that is under way. */
  current(): Promise<void> | undefined;
  /** Resolves when nothing is under way nor waits to be; never rejects. */
  settled(): Promise<void>;
}

/** One run of some work at a time: all callers that come while one runs share the next, as the running one may not see what they have done. */
export function shareRuns(work: () => Promise<void>): SharedRuns {
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;

  function start(): Promise<void> {
    const current = work().finally(() => {
      if (running === current) running = undefined;
    });
    running = current;
    return current;
  }

  return {
    next() {
      if (running === undefined) return start();
      waiting ??= running
        .catch(() => {})
        .then(() => {
          waiting = undefined;
          return start();
        });
      return waiting;
    },
    current: () => running,
    async settled() {
      while (running !== undefined || waiting !== undefined) await (waiting ?? running)?.catch(() => {});
    },
  };
}
