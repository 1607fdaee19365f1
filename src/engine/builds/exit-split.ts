import type { Exit, Runtime } from '#runtime/runtime.ts';

/**
 * The runtime tells exits to one listener, the container service. Commands of builds are no containers of the user's: their exits
 * are taken out here.
 */
export interface ExitSplit {
  /** For the container service. */
  runtime: Runtime;
  /** Call it before the process can exit. The exit is acknowledged. */
  expect(id: string): Promise<Exit>;
  /** The process is gone in another way. */
  forget(id: string): void;
}

export function splitExits(runtime: Runtime): ExitSplit {
  const expected = new Map<string, (exit: Exit) => void>();
  return {
    runtime: {
      ...runtime,
      watchExits: (onExit) =>
        runtime.watchExits((exit) => {
          const take = expected.get(exit.id);
          if (take === undefined) {
            onExit(exit);
            return;
          }
          expected.delete(exit.id);
          runtime.acknowledgeExit(exit.id);
          take(exit);
        }),
    },
    expect(id) {
      const { promise, resolve } = Promise.withResolvers<Exit>();
      expected.set(id, resolve);
      return promise;
    },
    forget(id) {
      expected.delete(id);
    },
  };
}
