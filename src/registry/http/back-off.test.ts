import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DhowError } from '#errors/error.ts';
import { TransientFailure } from '#registry/failures/transient.ts';
import { createBackOff, withRetries } from '#registry/http/back-off.ts';

const limits = { attempts: 3, backOffMs: 1, backOffCapMs: 2, retryAfterCapMs: 1000 };
const signal = new AbortController().signal;
const failure = new DhowError('Unavailable', 'down');
const transient = new TransientFailure(failure);

test('an operation is repeated until it succeeds or the attempts are used up', async () => {
  let calls = 0;
  const succeedsAt = (n: number) => () => {
    calls++;
    return calls < n ? Promise.reject(transient) : Promise.resolve('done');
  };
  assert.equal(await withRetries(limits, signal, succeedsAt(3)), 'done');
  calls = 0;
  await assert.rejects(withRetries(limits, signal, succeedsAt(4)), failure);
  assert.equal(calls, 3);
});

test('what is not transient is thrown at once', async () => {
  let calls = 0;
  const attempt = () => {
    calls++;
    return Promise.reject(failure);
  };
  await assert.rejects(withRetries(limits, signal, attempt), failure);
  assert.equal(calls, 1);
});

test('progress begins the count anew', async () => {
  const backOff = createBackOff(limits);
  for (let i = 0; i < 10; i++) {
    await backOff.afterFailure(transient, signal);
    backOff.reset();
  }
  await backOff.afterFailure(transient, signal);
  await backOff.afterFailure(transient, signal);
  await assert.rejects(backOff.afterFailure(transient, signal), failure);
});

test('a server that wants a longer pause than we make is told to the user', async () => {
  const patient = new TransientFailure(new DhowError('ResourceExhausted', 'rate limit'), 3_600_000);
  await assert.rejects(createBackOff(limits).afterFailure(patient, signal), {
    kind: 'ResourceExhausted',
    message: 'rate limit (try again in 3600 s)',
  });
});

test('an abort ends the pause with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = createBackOff({ ...limits, backOffMs: 1e9, backOffCapMs: 1e9 }).afterFailure(
    transient,
    controller.signal,
  );
  controller.abort(reason);
  await assert.rejects(waiting, reason);
});
