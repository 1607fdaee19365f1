/** Does a piece of work when its turn has come. */
export type Turn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Turns of which at most `limit` are under way at a time, in the order in which they were asked for. */
export function createTurns(limit: number): Turn {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
