import type { Signals } from '#cli/context.ts';

/** SIGKILL and SIGSTOP cannot be caught; SIGCHLD, SIGPIPE and SIGURG say something about us alone (Go uses SIGURG for itself). */
const forwarded: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTRAP',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTTIN',
  'SIGTTOU',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

const ending = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export interface ProcessSignals extends Signals {
  /** Made on first use; until then the default action of the signals ends the CLI. */
  readonly aborted: AbortSignal;
  /** Resolves with the exit code 128+n once a signal has aborted; pending for ever when nobody asked for `aborted`. */
  readonly ended: Promise<number>;
}

export function createProcessSignals(): ProcessSignals {
  const ended = Promise.withResolvers<number>();
  let controller: AbortController | undefined;
  let listeners = 0;

  const end = (name: NodeJS.Signals) => {
    // Somebody else deals with signals.
    if (listeners > 0) return;
    controller?.abort();
    ended.resolve(128 + numbers[name as keyof typeof numbers]);
  };

  return {
    get aborted() {
      if (controller === undefined) {
        controller = new AbortController();
        for (const name of ending) process.on(name, end);
      }
      return controller.signal;
    },
    ended: ended.promise,
    listen(listener) {
      listeners++;
      for (const name of forwarded) process.on(name, listener);
      return {
        [Symbol.dispose]() {
          listeners--;
          for (const name of forwarded) process.off(name, listener);
        },
      };
    },
    onResize(listener) {
      process.on('SIGWINCH', listener);
      return {
        [Symbol.dispose]() {
          process.off('SIGWINCH', listener);
        },
      };
    },
  };
}
