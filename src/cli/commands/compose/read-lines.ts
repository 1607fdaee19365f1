import type { Client } from '#client/client.ts';
import { readLogs } from '#client/containers.ts';
import { RawStreamDecoder } from '#wire/raw-stream.ts';

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** Without its end. */
  readonly text: string;
}

/** Longer lines are given in pieces: nobody reads them, and they must not fill the memory. */
const maximumLine = 1024 * 1024;

/** The lines of a container's log; with a terminal all are of stdout. Errors are as `Client.request` says. */
export async function* readLogLines(
  client: Client,
  id: string,
  query: Readonly<Record<string, string | boolean | undefined>>,
  terminal: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { body } = await readLogs(client, id, { stdout: true, stderr: true, ...query }, signal);
  const decoder = terminal ? undefined : new RawStreamDecoder();
  const splitters = { stdout: createLineSplitter(), stderr: createLineSplitter() };
  for await (const bytes of body) {
    for (const piece of decoder?.push(bytes) ?? [{ stream: 'stdout' as const, bytes }]) {
      const stream = piece.stream === 'stderr' ? 'stderr' : 'stdout';
      for (const text of splitters[stream].push(piece.bytes)) yield { stream, text };
    }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    for (const text of splitters[stream].finish()) yield { stream, text };
  }
}

function createLineSplitter() {
  const decoder = new TextDecoder();
  let pending = '';
  const take = (text: string): string[] => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > maximumLine) {
      lines.push(pending);
      pending = '';
    }
    return lines.map((line) => line.replace(/\r$/, ''));
  };
  return {
    push: (bytes: Uint8Array) => take(decoder.decode(bytes, { stream: true })),
    finish: () => take(pending === '' ? '' : '\n'),
  };
}
