import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

/** Tells when a file may have grown. */
export interface ChangeWatch extends Disposable {
  /** Nothing more will be written. */
  readonly finished: boolean;
  /** Waits for a change since the last call, the end of writing, or the signal. */
  next(): Promise<void>;
}

/**
 * Watches by way of the directory, so that a new file in the place of the old one is seen too.
 * @param file exists, or at least its directory does
 * @param ended resolves when the writer has gone
 * @throws NotFound when there is no directory
 */
export function createChangeWatch(file: string, ended: Promise<void>, signal: AbortSignal): ChangeWatch {
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
  const watcher = watchDirectory(path.dirname(file), (name) => {
    // Also its older parts, as a rotation moves it.
    if (name?.startsWith(path.basename(file)) ?? true) notice();
  });
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

function watchDirectory(directory: string, onChange: (name: string | null) => void): fs.FSWatcher {
  try {
    return fs.watch(directory, { persistent: false }, (_, name) => onChange(name));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new DhowError('NotFound', `there is no log in ${directory}`, { cause: error });
  }
}
