import type { Duplex } from 'node:stream';
import type { Input, Output } from '#cli/context.ts';
import { DhowError } from '#errors/error.ts';
import { DetachKeyFilter } from '#wire/detach-keys.ts';
import { RawStreamDecoder } from '#wire/raw-stream.ts';

export interface StdioSettings {
  /** The daemon's end, see `attachContainer` and `startExec`. */
  readonly stream: Duplex;
  /** The stream is unframed: stdout and stderr are one. */
  readonly terminal: boolean;
  /** undefined: our half of the stream is closed at once. */
  readonly stdin: Input | undefined;
  readonly stdout: (() => Output) | undefined;
  readonly stderr: (() => Output) | undefined;
  /** Bytes that end the session while the process goes on; only looked for when `terminal`. */
  readonly detachKeys: Uint8Array;
}

/**
 * Copies both ways until the daemon ends its half, or the user leaves the terminal: by the detach keys, or because it is gone. All output has been handed to stdout and
 * stderr by then, except what a slow reader has still to take. A slow reader slows the container down, never our memory up.
 *
 * @throws Unavailable when the connection breaks or carries what is no stream of a daemon
 */
export function copyStdio(settings: StdioSettings): Promise<'ended' | 'detached'> {
  const { stream, terminal, stdin, stdout, stderr } = settings;
  return new Promise((resolve, reject) => {
    const decoder = terminal ? undefined : new RawStreamDecoder();
    const stopInput =
      stdin === undefined ? closeInput(stream) : copyInput(settings, stdin, () => finish('detached'));

    const write = (open: (() => Output) | undefined, bytes: Uint8Array) => {
      const output = open?.();
      if (output === undefined || output.write(bytes)) return;
      stream.pause();
      output.once('drain', () => stream.resume());
    };
    const onData = (bytes: Buffer) => {
      if (decoder === undefined) return write(stdout, bytes);
      try {
        for (const piece of decoder.push(bytes))
          write(piece.stream === 'stderr' ? stderr : stdout, piece.bytes);
      } catch (error) {
        fail(error);
      }
    };
    const settle = (act: () => void) => {
      stopInput();
      stream.off('data', onData);
      stream.on('error', () => {});
      stream.destroy();
      act();
    };
    const finish = (how: 'ended' | 'detached') => settle(() => resolve(how));
    const fail = (error: unknown) =>
      settle(() =>
        reject(
          new DhowError('Unavailable', `the connection to the container broke: ${(error as Error).message}`, {
            cause: error,
          }),
        ),
      );
    stream.on('data', onData);
    // It was paused when it was handed over, so that nothing was lost.
    stream.resume();
    stream.once('end', () => finish('ended'));
    stream.once('close', () => finish('ended'));
    stream.once('error', (error: NodeJS.ErrnoException) => {
      // The daemon has closed while something typed was on its way to it: what it had to say has been read.
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') finish('ended');
      else fail(error);
    });
  });
}

function closeInput(stream: Duplex): () => void {
  stream.end();
  return () => {};
}

function copyInput(settings: StdioSettings, stdin: Input, leave: () => void): () => void {
  const { stream, terminal, detachKeys } = settings;
  const filter = terminal ? new DetachKeyFilter(detachKeys) : undefined;
  const onDrain = () => stdin.resume();
  const onData = (bytes: Buffer) => {
    const { pass, detached } = filter?.push(bytes) ?? { pass: bytes, detached: false };
    if (pass.length > 0 && !stream.write(pass)) {
      stdin.pause();
      stream.once('drain', onDrain);
    }
    if (detached) leave();
  };
  // An input that cannot be read (a terminal in the background) is an input that has ended.
  const onEnd = () => (terminal ? leave() : stream.end());
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.on('error', onEnd);
  if (stdin.readableEnded) onEnd();
  return () => {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    stream.off('drain', onDrain);
    stdin.pause();
  };
}
