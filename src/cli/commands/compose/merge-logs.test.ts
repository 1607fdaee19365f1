import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createLogPrinter } from '#cli/commands/compose/log-printer.ts';
import { mergeByTime } from '#cli/commands/compose/merge-logs.ts';
import type { LogLine } from '#cli/commands/compose/read-lines.ts';

async function* linesOf(...texts: string[]): AsyncGenerator<LogLine> {
  for (const line of texts) yield { stream: 'stdout', text: line };
}

async function print(timestamps: boolean): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printer = createLogPrinter({ stdout, stderr, colour: false, prefix: true }, ['web-1', 'worker-1']);
  const sources = [
    { writer: printer('web-1'), lines: linesOf('T1 a', 'T4 d e') },
    { writer: printer('worker-1'), lines: linesOf('T2 b', 'T3 ', 'T5 f') },
    { writer: printer('silent-1'), lines: linesOf() },
  ];
  await mergeByTime(sources, timestamps);
  stdout.end();
  return text(stdout);
}

describe('mergeByTime', () => {
  it('puts lines of all logs in the order of time, behind names of one width', async () => {
    const expected = ['web-1     | a', 'worker-1  | b', 'worker-1  | ', 'web-1     | d e', 'worker-1  | f'];
    assert.deepEqual((await print(false)).split('\n').slice(0, -1), expected);
  });

  it('keeps the times when they are wanted', async () => {
    assert.match(await print(true), /^web-1 {5}\| T1 a\n/);
  });
});
