import type { CliContext } from '#cli/context.ts';
import { forwardSignals } from '#cli/terminal/forward-signals.ts';
import { enterRawMode } from '#cli/terminal/raw-mode.ts';
import { followSize } from '#cli/terminal/resize.ts';
import { copyStdio } from '#cli/terminal/stdio.ts';
import { attachContainer, resizeContainer, watchExit } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';
import { parseDetachKeys } from '#wire/detach-keys.ts';

export interface SessionSettings {
  readonly id: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly terminal: boolean;
  /** See `chooseDetachKeys`. */
  readonly detachKeys: string | undefined;
  readonly forwardSignals: boolean;
  /** Makes what runs in the terminal draw itself again, for a user who comes later. */
  readonly redraw?: boolean;
  /** Whose end is waited for: the process's, or with `removed` the container's. */
  readonly until: 'not-running' | 'next-exit' | 'removed';
  /** Starts the container, once we are attached and wait: neither output nor exit can be missed. */
  start?(): Promise<void>;
}

/**
 * Is the container's terminal or stdio until its process ends.
 * @returns the process's exit code, unless the user has left the terminal
 */
export async function runSession(
  context: CliContext,
  settings: SessionSettings,
): Promise<number | 'detached'> {
  const { id, terminal } = settings;
  if (settings.stdin) checkTerminal(context, terminal);

  const query = {
    stream: true,
    stdin: settings.stdin,
    stdout: settings.stdout,
    stderr: settings.stderr,
    detachKeys: settings.detachKeys,
  };
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  try {
    const [{ stream }, exit] = await Promise.all([
      attachContainer(context.client, id, query, signal),
      watchExit(context.client, id, settings.until, signal),
    ]);
    stream.on('error', () => {});
    failed.signal.addEventListener('abort', () => stream.destroy());

    using _raw = terminal && settings.stdin ? enterRawMode(context.stdin) : undefined;
    await using _signals = settings.forwardSignals ? forwardSignals(context, id) : undefined;
    const copied = copyStdio({
      stream,
      terminal,
      stdin: settings.stdin ? context.stdin : undefined,
      // Opened when there is something to write: many a command is silent, and opening takes a millisecond.
      stdout: settings.stdout ? () => context.stdout : undefined,
      stderr: settings.stderr ? () => context.stderr : undefined,
      detachKeys: parseDetachKeys(settings.detachKeys ?? ''),
    });
    copied.catch(() => {});
    await settings.start?.();
    using _size = terminal
      ? followSize(context, (size, over) => resizeContainer(context.client, id, size, over), settings)
      : undefined;
    if ((await copied) === 'detached') return 'detached';
    const { StatusCode, Error: failure } = await exit.exited;
    if (failure?.Message) throw new DhowError('Unavailable', failure.Message);
    return StatusCode;
  } finally {
    failed.abort();
  }
}

/** Tells a user who joined what had been running that it goes on. @returns the exit code, which is Docker's */
export function reportDetached(context: CliContext): number {
  context.stderr.write('read escape sequence\n');
  return 1;
}

/** A terminal in the container whose keys would come from a file is a mistake. @returns what to say of it */
export function missesTerminal(context: CliContext, terminal: boolean): string | undefined {
  return terminal && !context.stdin.isTTY ? 'the input device is not a TTY' : undefined;
}

/** @throws InvalidParameter when the terminal is missing */
export function checkTerminal(context: CliContext, terminal: boolean): void {
  const mistake = missesTerminal(context, terminal);
  if (mistake !== undefined) throw new DhowError('InvalidParameter', mistake);
}
