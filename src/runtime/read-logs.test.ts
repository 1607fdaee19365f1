import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { LogEntry, LogQuery } from '#runtime/logs.ts';
import { readLogs } from '#runtime/read-logs.ts';

function logFile(t: TestContext, content: string | Uint8Array): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-logs-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'log');
  fs.writeFileSync(file, content);
  return file;
}

const everything: LogQuery = { stdout: true, stderr: true, follow: false };

async function read(file: string, query: Partial<LogQuery> = {}): Promise<LogEntry[]> {
  const reading = { ended: Promise.resolve(), signal: AbortSignal.any([]) };
  return Array.fromAsync(await readLogs(file, { ...everything, ...query }, reading));
}

function texts(entries: LogEntry[]): string[] {
  return entries.map(({ bytes }) => Buffer.from(bytes).toString());
}

const line = (second: number, rest: string) =>
  `2026-01-02T03:04:${String(second).padStart(2, '0')}.123456789+00:00 ${rest}\n`;
const sample = [
  line(1, 'stdout F one'),
  line(2, 'stderr F two'),
  line(3, 'stdout P thr'),
  line(3, 'stdout F ee'),
  line(4, 'stdout F '),
].join('');

describe('readLogs', () => {
  test('gives entries with time, stream and bytes', async (t) => {
    const entries = await read(logFile(t, sample));
    assert.deepEqual(texts(entries), ['one\n', 'two\n', 'thr', 'ee\n', '\n']);
    assert.deepEqual(
      entries.map(({ stream }) => stream),
      ['stdout', 'stderr', 'stdout', 'stdout', 'stdout'],
    );
    assert.deepEqual(
      entries.map(({ partial }) => partial),
      [false, false, true, false, false],
    );
    assert.equal(entries[0]?.timestamp, '2026-01-02T03:04:01.123456789Z');
  });

  test('gives local times in UTC with all their digits', async (t) => {
    const [entry] = await read(logFile(t, '2026-01-02T01:04:05.000000001+02:00 stdout F x\n'));
    assert.equal(entry?.timestamp, '2026-01-01T23:04:05.000000001Z');
  });

  test('keeps every byte', async (t) => {
    const output = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
    const file = logFile(
      t,
      Buffer.concat([Buffer.from(line(1, 'stdout F ').slice(0, -1)), output, Buffer.from('\n')]),
    );
    const [entry] = await read(file);
    assert.deepEqual(Buffer.from(entry?.bytes ?? []), Buffer.concat([output, Buffer.from('\n')]));
  });

  test('leaves out a half-written last line and lines that are none', async (t) => {
    const file = logFile(t, `garbage\n2026 stdin F x\n${sample}2026-01-02T03:04:09.1+00:00 stdout F half`);
    assert.equal((await read(file)).length, 5);
  });

  const selections: [title: string, query: Partial<LogQuery>, expected: string[]][] = [
    ['one stream', { stdout: false }, ['two\n']],
    ['since', { since: Date.parse('2026-01-02T03:04:03Z') / 1000 }, ['thr', 'ee\n', '\n']],
    ['until', { until: Date.parse('2026-01-02T03:04:03Z') / 1000 }, ['one\n', 'two\n']],
    ['the last line', { tail: 1 }, ['\n']],
    ['the last two lines, one of them in pieces', { tail: 2 }, ['thr', 'ee\n', '\n']],
    ['the last line of a stream', { tail: 1, stdout: false }, ['two\n']],
    ['no line', { tail: 0 }, []],
    ['more lines than there are', { tail: 100 }, ['one\n', 'two\n', 'thr', 'ee\n', '\n']],
  ];
  for (const [title, query, expected] of selections) {
    test(`selects ${title}`, async (t) => {
      assert.deepEqual(texts(await read(logFile(t, sample), query)), expected);
    });
  }

  test('counts a line once that a rotation has cut in two', async (t) => {
    const file = logFile(
      t,
      [line(3, 'stdout F ee'), line(4, 'stderr F four'), line(5, 'stdout F five')].join(''),
    );
    fs.writeFileSync(`${file}.1`, line(1, 'stdout F one'));
    fs.writeFileSync(`${file}.2`, [line(2, 'stderr F two'), line(3, 'stdout P thr')].join(''));
    const tails: [tail: number, query: Partial<LogQuery>, output: string[]][] = [
      [1, {}, ['five\n']],
      [2, {}, ['four\n', 'five\n']],
      [3, {}, ['thr', 'ee\n', 'four\n', 'five\n']],
      [4, {}, ['two\n', 'thr', 'ee\n', 'four\n', 'five\n']],
      [2, { stderr: false }, ['thr', 'ee\n', 'five\n']],
      [3, { stderr: false }, ['one\n', 'thr', 'ee\n', 'five\n']],
      [9, {}, ['one\n', 'two\n', 'thr', 'ee\n', 'four\n', 'five\n']],
    ];
    for (const [tail, query, output] of tails) {
      assert.deepEqual(
        texts(await read(file, { tail, ...query })),
        output,
        `${tail} ${JSON.stringify(query)}`,
      );
    }
    fs.writeFileSync(file, '');
    assert.deepEqual(texts(await read(file, { tail: 1 })), ['thr']);
    assert.deepEqual(texts(await read(file, { tail: 2 })), ['two\n', 'thr']);
    assert.deepEqual(texts(await read(file, { tail: 0 })), []);
  });

  test('finds tails in logs of many blocks as reading everything does', async (t) => {
    const lines = Array.from({ length: 4000 }, (_, n) => {
      const rest = n % 7 === 0 ? 'P' : 'F';
      return line(n % 60, `${n % 3 === 0 ? 'stderr' : 'stdout'} ${rest} ${n} ${'x'.repeat((n * 37) % 200)}`);
    });
    const file = logFile(t, lines.join(''));
    const all = texts(await read(file));
    assert.ok(fs.statSync(file).size > 3 * 64 * 1024);
    for (const tail of [1, 2, 100, 3000]) {
      const last = texts(await read(file, { tail }));
      assert.deepEqual(last, all.slice(-last.length));
      assert.ok(last.length >= tail);
    }
    for (const tail of [1, 10]) {
      const last = texts(await read(file, { tail, stderr: false }));
      assert.equal(last.filter((text) => text.endsWith('\n')).length, tail);
    }
  });

  test('follows until the writer has ended and everything is read', async (t) => {
    const file = logFile(t, line(1, 'stdout F first'));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const seen: string[] = [];
    const reading = await readLogs(
      file,
      { ...everything, follow: true },
      { ended, signal: AbortSignal.any([]) },
    );
    for await (const entry of reading) {
      seen.push(Buffer.from(entry.bytes).toString().trim());
      if (seen.length === 1) fs.appendFileSync(file, line(2, 'stdout F second').slice(0, 20));
      if (seen.length === 1) fs.appendFileSync(file, line(2, 'stdout F second').slice(20));
      if (seen.length === 2) {
        fs.appendFileSync(file, line(3, 'stdout F third'));
        resolve();
      }
    }
    assert.deepEqual(seen, ['first', 'second', 'third']);
  });

  test('reads a log that was removed after it had begun', async (t) => {
    const file = logFile(t, sample);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const signal = AbortSignal.any([]);
    const reading = await readLogs(file, { ...everything, follow: true }, { ended, signal });
    fs.rmSync(file);
    resolve();
    assert.deepEqual(texts(await Array.fromAsync(reading)), ['one\n', 'two\n', 'thr', 'ee\n', '\n']);
  });

  test('stops following when it is aborted', async (t) => {
    const controller = new AbortController();
    const reading = await readLogs(
      logFile(t, sample),
      { ...everything, follow: true },
      { ended: new Promise(() => {}), signal: controller.signal },
    );
    await reading.next();
    controller.abort(new Error('enough'));
    await assert.rejects(Array.fromAsync(reading), /enough/);
  });

  test('says when there is no log', async () => {
    await assert.rejects(read('/nowhere/log'), { kind: 'NotFound' });
  });
});
