import type { CliContext, Input } from '#cli/context.ts';

/** Asks a person for one line; the terminal edits and shows it. */
export async function askLine(context: CliContext, question: string): Promise<string> {
  context.stdout.write(question);
  return (await readLine(context.stdin, context.signal)).trim();
}

/** The same without showing what is typed. Backspace and Ctrl-U work, Ctrl-C ends the command as elsewhere. */
export async function askSecret(context: CliContext, question: string): Promise<string> {
  const { stdin, stdout, signal } = context;
  // Before the question: what is typed at once must not be shown either.
  stdin.setRawMode?.(true);
  try {
    stdout.write(question);
    return await readLine(stdin, signal);
  } finally {
    stdin.setRawMode?.(false);
    stdout.write('\n');
  }
}

function readLine(stdin: Input, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let line = '';
  const onData = (bytes: Buffer): void => {
    for (const character of bytes.toString()) {
      if (character === '\r' || character === '\n' || character === '\x04') {
        resolve(line);
        return;
      }
      if (character === '\x03') process.kill(process.pid, 'SIGINT');
      else if (character === '\x7f' || character === '\b') line = line.slice(0, -1);
      else if (character === '\x15') line = '';
      else line += character;
    }
  };
  const onEnd = (): void => resolve(line);
  const onAbort = (): void => reject(signal.reason);
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  signal.addEventListener('abort', onAbort);
  stdin.resume();
  return promise.finally(() => {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    signal.removeEventListener('abort', onAbort);
    stdin.pause();
  });
}
