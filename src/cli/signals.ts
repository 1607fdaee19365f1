import type { Signals } from '#cli/context.ts';

/**
 * SIGKILL and SIGSTOP cannot be caught; SIGCHLD, SIGPIPE and SIGURG say something about us alone (Go uses SIGURG for itself), SIGWINCH about
 * our terminal (httpd takes it for a wish to end). By SIGTSTP, SIGTTIN and SIGTTOU a shell stops us, as any other job.
 */
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
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

const ending = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
/** As many as of docker's CLI: a person whose process takes no notice wants to leave. */
const patience = 3;
const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

export interface ProcessSignals extends Signals {
  /** Made on first use; until then the default action of the signals ends the CLI. */
  readonly aborted: AbortSignal;
  /**
   * Resolves with the exit code 128+n once a signal has aborted, and with 1 at the third SIGINT or SIGTERM that was only forwarded.
   * Pending for ever when nobody asked for `aborted` or listens.
   */
  readonly ended: Promise<number>;
}

export function createProcessSignals(): ProcessSignals {
  const ended = Promise.withResolvers<number>();
  let controller: AbortController | undefined;
  let listeners = 0;
  let endingForwarded = 0;

  const end = (name: NodeJS.Signals) => {
    // Somebody else deals with signals.
    if (listeners > 0) return;
    controller?.abort();
    ended.resolve(128 + numbers[name as keyof typeof numbers]);
  };

  const countForwarded = (name: NodeJS.Signals) => {
    if (name !== 'SIGINT' && name !== 'SIGTERM') return;
    if (++endingForwarded < patience) return;
    process.stderr.write(`\ngot ${patience} SIGTERM/SIGINTs, forcefully exiting\n`);
    ended.resolve(1);
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
      const hear = (name: NodeJS.Signals) => {
        listener(name);
        countForwarded(name);
      };
      for (const name of forwarded) process.on(name, hear);
      return {
        [Symbol.dispose]() {
          listeners--;
          for (const name of forwarded) process.off(name, hear);
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
