import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { mock, test } from 'node:test';
import { readBody, readWhole } from '#registry/http/body.ts';

const url = new URL('https://h/blob?secret');

function fakeResponse(): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough({ highWaterMark: 16 * 1024 * 1024 }), { complete: true }) as never;
}

const options = (signal = new AbortController().signal) => ({ url, idleTimeoutMs: 1000, signal });

test('all chunks come in order, and then the end', async () => {
  const response = fakeResponse();
  response.write('ab');
  response.end('cd');
  const chunks = await Array.fromAsync(readBody(response, options()));
  assert.equal(Buffer.concat(chunks).toString(), 'abcd');
});

test('silence is a failure that another attempt may mend', async () => {
  const { timers } = mock;
  timers.enable({ apis: ['setTimeout'] });
  try {
    const response = fakeResponse();
    const body = readBody(response, options());
    response.write('ab');
    assert.equal(String((await body.next()).value), 'ab');
    const next = body.next();
    timers.tick(1000);
    await assert.rejects(next, {
      name: 'TransientFailure',
      message: 'cannot reach https://h/blob: no data for 1 s',
    });
    assert.ok(response.destroyed);
  } finally {
    timers.reset();
  }
});

test('the time that the consumer takes is not silence', async () => {
  const { timers } = mock;
  timers.enable({ apis: ['setTimeout'] });
  try {
    const response = fakeResponse();
    const body = readBody(response, options());
    response.write('ab');
    await body.next();
    for (let i = 0; i < 32; i++) response.write(Buffer.alloc(64 * 1024));
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(response.isPaused(), 'what is read ahead is bounded');
    timers.tick(60_000);
    response.end();
    let rest = 0;
    for await (const chunk of body) rest += chunk.length;
    assert.equal(rest, 32 * 64 * 1024);
  } finally {
    timers.reset();
  }
});

test('what arrived before a failure is delivered first', async () => {
  const response = fakeResponse();
  const body = readBody(response, options());
  const first = body.next();
  response.write('ab');
  await first;
  response.write('cd');
  await new Promise((resolve) => setImmediate(resolve));
  response.destroy(Object.assign(new Error('x'), { code: 'ECONNRESET' }));
  assert.equal(String((await body.next()).value), 'cd');
  await assert.rejects(body.next(), { name: 'TransientFailure', message: /connection reset by peer$/ });
});

test('a response that was cut before it is read, or that says it is incomplete, fails', async () => {
  const gone = fakeResponse();
  gone.on('error', () => {});
  gone.destroy(new Error('cut'));
  await assert.rejects(Array.fromAsync(readBody(gone, options())), {
    name: 'TransientFailure',
    message: /cut$/,
  });
  const incomplete = fakeResponse();
  incomplete.complete = false;
  incomplete.end('ab');
  await assert.rejects(Array.fromAsync(readBody(incomplete, options())), { name: 'TransientFailure' });
});

test('an abort throws the reason of the signal, also when it came before', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = Array.fromAsync(readBody(fakeResponse(), options(controller.signal)));
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(Array.fromAsync(readBody(fakeResponse(), options(controller.signal))), reason);
});

test('a whole body is bounded', async () => {
  const fitting = fakeResponse();
  fitting.end('abcd');
  assert.equal(String(await readWhole(fitting, { ...options(), maxBytes: 4, what: 'manifest' })), 'abcd');
  const large = fakeResponse();
  large.write('abcde');
  await assert.rejects(readWhole(large, { ...options(), maxBytes: 4, what: 'manifest' }), {
    kind: 'InvalidParameter',
    message: 'manifest from https://h/blob is too large: the limit is 4 bytes',
  });
  assert.ok(large.destroyed);
});
