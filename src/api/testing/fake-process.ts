import { Queue } from '#api/testing/queue.ts';
import type { AttachSession } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';

export type Output = { stream: 'stdout' | 'stderr'; bytes: Uint8Array };

/** A process that runs one of a few programs in memory, with the stdio of a real one. */
export interface FakeProcess {
  readonly exited: Promise<number>;
  readonly output: readonly Output[];
  attach(): AttachSession;
  start(words: readonly string[]): void;
  kill(code: number): void;
}

interface Stdio {
  words: readonly string[];
  input: AsyncIterable<Uint8Array>;
  stdout(text: string | Uint8Array): void;
  stderr(text: string): void;
  killed: Promise<number>;
}

/** Each returns its exit code. */
const programs: Record<string, (stdio: Stdio) => Promise<number> | number> = {
  true: () => 0,
  false: () => 1,
  exit: ({ words }) => Number(words[1]),
  echo({ words, stdout }) {
    stdout(`${words.slice(1).join(' ')}\n`);
    return 0;
  },
  both({ stdout, stderr }) {
    stdout('to stdout\n');
    stderr('to stderr\n');
    return 0;
  },
  async cat({ input, stdout }) {
    for await (const bytes of input) stdout(bytes);
    return 0;
  },
  /** Writes as many bytes as it is told. */
  flood({ words, stdout }) {
    const total = Number(words[1]);
    for (let written = 0; written < total; written += 4096)
      stdout(Buffer.alloc(Math.min(4096, total - written), 'x'));
    return 0;
  },
  sleep: ({ killed }) => killed,
};

/** @throws InvalidParameter in the words by which Docker's client picks 127 and 126 */
export function checkProgram(words: readonly string[]): void {
  const [name = ''] = words;
  if (name === '/etc') {
    throw new DhowError('InvalidParameter', `exec: "${name}": permission denied: unknown`, {
      reason: 'executable-not-runnable',
    });
  }
  if (!Object.hasOwn(programs, name)) {
    throw new DhowError('InvalidParameter', `exec: "${name}": executable file not found in $PATH: unknown`, {
      reason: 'executable-not-found',
    });
  }
}

export function createFakeProcess(terminal: boolean): FakeProcess {
  const output: Output[] = [];
  const readers = new Set<Queue<Output>>();
  const input = new Queue<Uint8Array>();
  const exit = Promise.withResolvers<number>();
  const killed = Promise.withResolvers<number>();
  let ended = false;

  function emit(stream: Output['stream'], data: string | Uint8Array): void {
    const packet = { stream: terminal ? 'stdout' : stream, bytes: Buffer.from(data) } as const;
    output.push(packet);
    for (const reader of readers) reader.push(packet);
  }

  function end(code: number): void {
    if (ended) return;
    ended = true;
    for (const reader of readers) reader.end();
    exit.resolve(code);
  }

  return {
    exited: exit.promise,
    output,
    attach() {
      const reader = new Queue<Output>();
      readers.add(reader);
      if (ended) reader.end();
      return {
        terminal,
        output: reader,
        async write(bytes) {
          input.push(Uint8Array.from(bytes));
        },
        closeInput: () => input.end(),
        close() {
          readers.delete(reader);
          reader.end();
        },
      };
    },
    start(words) {
      const program = programs[words[0] ?? ''];
      const stdio = {
        words,
        input,
        stdout: (text: string | Uint8Array) => emit('stdout', text),
        stderr: (text: string) => emit('stderr', text),
        killed: killed.promise,
      };
      Promise.resolve(program?.(stdio) ?? 127).then(end, () => end(1));
    },
    kill(code) {
      killed.resolve(code);
      end(code);
    },
  };
}
