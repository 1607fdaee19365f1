import fs from 'node:fs';

/** Tells when a file may have grown. */
export interface ChangeWatch extends Disposable {
  /** Nothing more will be written. */
  readonly finished: boolean;
  /** Waits for a change since the last call, the end of writing, or the signal. */
  next(): Promise<void>;
}

/** @param ended resolves when the writer has gone */
export function createChangeWatch(path: string, ended: Promise<void>, signal: AbortSignal): ChangeWatch {
  let finished = false;
  let changed = false;
  let wake: (() => void) | undefined;
  function notice(): void {
    changed = true;
    wake?.();
  }
  function finish(): void {
    finished = true;
    notice();
  }
  const watcher = fs.watch(path, { persistent: false }, notice);
  // A watch that breaks (the kernel has no more of them) must not end the process; the end is still noticed.
  watcher.on('error', notice);
  // An end that fails is an end too: its error is told to those who asked for it.
  ended.then(finish, finish);
  signal.addEventListener('abort', notice, { once: true });
  return {
    get finished() {
      return finished;
    },
    async next() {
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      changed = false;
      wake = undefined;
    },
    [Symbol.dispose]() {
      watcher.close();
      signal.removeEventListener('abort', notice);
    },
  };
}
