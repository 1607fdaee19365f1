/**
 * Turns of the event loop, one for each who asks: for stretches of work that keep it for milliseconds, so that many of them
 * at once (a script starts 64 containers) leave room in between for whoever only wants a list.
 */
export interface Turns {
  /** Resolves at once when nobody has taken this turn, else in one of the next, in the order of asking. */
  take(): Promise<void>;
}

export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let taken = false;

  function give(): void {
    const next = waiting.shift();
    taken = next !== undefined;
    if (next === undefined) return;
    setImmediate(give);
    next();
  }

  return {
    async take() {
      if (taken) return new Promise((resolve) => waiting.push(resolve));
      taken = true;
      setImmediate(give);
    },
  };
}
