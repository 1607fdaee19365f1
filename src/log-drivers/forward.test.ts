import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { LogDestination, LogRecord } from '#log-drivers/destination.ts';
import { type Forwarding, forwardLog } from '#log-drivers/forward.ts';

interface Fixture {
  log: string;
  received: string[];
  records: LogRecord[];
  destination: LogDestination;
  forward(change?: Partial<Forwarding>): Promise<void>;
}

function createFixture(t: TestContext): Fixture {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-forward-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const log = path.join(directory, 'log');
  const received: string[] = [];
  const records: LogRecord[] = [];
  const destination: LogDestination = {
    async send(record) {
      records.push(record);
      received.push(`${record.stream} ${Buffer.from(record.message)}`);
    },
    close() {},
  };
  return {
    ...{ log, received, records, destination },
    forward: (change) =>
      forwardLog({
        log,
        cursor: path.join(directory, 'forwarding', 'sent'),
        open: async () => destination,
        ended: Promise.resolve(),
        signal: AbortSignal.any([]),
        onTrouble: () => assert.fail('no trouble expected'),
        ...change,
      }),
  };
}

const line = (rest: string) => `2026-01-02T03:04:05.123456789+00:00 ${rest}\n`;

describe('forwarding a log', () => {
  test('sends whole lines, each once, also when the daemon is another one', async (t) => {
    const { log, received, forward } = createFixture(t);
    fs.writeFileSync(log, [line('stdout F one'), line('stdout P tw'), line('stdout F o')].join(''));
    await forward();
    await forward();
    assert.deepEqual(received, ['stdout one', 'stdout two']);
    fs.renameSync(log, `${log}.1`);
    fs.appendFileSync(`${log}.1`, line('stderr F three'));
    fs.writeFileSync(log, line('stdout F four'));
    await forward();
    assert.deepEqual(received, ['stdout one', 'stdout two', 'stderr three', 'stdout four']);
  });

  test('a line that one daemon saw the begin of is sent whole by the next', async (t) => {
    const { log, received, destination, forward } = createFixture(t);
    fs.writeFileSync(log, [line('stderr P be'), line('stdout F one')].join(''));
    const killed = new AbortController();
    const open = async () => ({
      ...destination,
      async send(record: LogRecord) {
        await destination.send(record);
        setImmediate(() => killed.abort());
      },
    });
    const never = new Promise<void>(() => {});
    await assert.rejects(forward({ open, ended: never, signal: killed.signal }));
    fs.appendFileSync(log, [line('stderr F gun'), line('stdout F two')].join(''));
    await forward();
    assert.deepEqual(received, ['stdout one', 'stderr begun', 'stdout two']);
  });

  test('what has no end yet is sent when the run ends', async (t) => {
    const { log, received, forward } = createFixture(t);
    fs.writeFileSync(log, line('stdout P prompt> '));
    await forward();
    fs.appendFileSync(log, line('stdout F again'));
    await forward();
    assert.deepEqual(received, ['stdout prompt> ', 'stdout again']);
  });

  test('a very long line goes in pieces', async (t) => {
    const { log, records, forward } = createFixture(t);
    const part = 'x'.repeat(8192);
    fs.writeFileSync(log, [...Array(4).fill(line(`stdout P ${part}`)), line('stdout F y')].join(''));
    await forward();
    const [first, second, third] = records.map(({ piece }) => piece);
    assert.deepEqual(
      records.map(({ message }) => message.length),
      [16384, 16384, 1],
    );
    assert.deepEqual([first?.ordinal, second?.ordinal, third?.ordinal], [1, 2, 3]);
    assert.deepEqual([first?.isLast, second?.isLast, third?.isLast], [false, false, true]);
    assert.equal(first?.id, third?.id);
  });

  test('a destination that fails is tried again with the same line', async (t) => {
    const { log, received, destination, forward } = createFixture(t);
    fs.writeFileSync(log, [line('stdout F one'), line('stdout F two')].join(''));
    const troubles: string[] = [];
    let failures = 0;
    await forward({
      open: async () => ({
        ...destination,
        async send(record) {
          if (received.length === 1 && failures++ < 2) throw new Error('gone');
          await destination.send(record);
        },
      }),
      onTrouble: (message) => troubles.push(message),
    });
    assert.deepEqual(received, ['stdout one', 'stdout two']);
    assert.deepEqual(troubles, ['gone']);
  });
});
