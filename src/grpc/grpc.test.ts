import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { DhowError } from '#errors/error.ts';
import { type CalledMethod, connectGrpc } from '#grpc/client.ts';
import { encodeFrame, readFrames } from '#grpc/frames.ts';
import { bytes, message, one, string } from '#grpc/message.ts';
import { bidirectional, createGrpcServer, type Method, serverStreaming, unary } from '#grpc/server.ts';

const text = message({ text: one(1, string), data: one(2, bytes) });
const method = (path: string) => ({ path, request: text, response: text });
const signal = AbortSignal.timeout(10_000);

function connected(methods: readonly Method[], errors: unknown[] = []) {
  const [near, far] = duplexPair();
  createGrpcServer({ methods, onError: (_path, error) => errors.push(error) }).serve(far, signal);
  return connectGrpc(near);
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

test('a call has its answer, and the server its headers', async () => {
  using client = connected([
    unary('/a.B/Say', text, text, (request, { headers }) => ({
      text: `${request.text} ${String(headers['x-name'])}`,
      data: request.data,
    })),
  ]);
  const data = Buffer.alloc(3_000_000, 'abc');
  const answer = await client.call(
    method('/a.B/Say'),
    { text: 'hello', data },
    { headers: { 'x-name': ['one', 'two'] }, signal },
  );
  assert.equal(answer.text, 'hello one, two');
  assert.ok(data.equals(answer.data));
});

test('a stream of answers comes in order', async () => {
  using client = connected([
    serverStreaming('/a.B/Count', text, text, async function* () {
      for (let index = 0; index < 1000; index++) yield { text: String(index) };
    }),
  ]);
  const { send, end, messages } = client.open(method('/a.B/Count'), { signal });
  await send({});
  end();
  const answers = await collect(messages);
  assert.deepEqual(
    answers.map((answer) => answer.text),
    Array.from({ length: 1000 }, (_, index) => String(index)),
  );
});

test('errors keep their kind and words', async () => {
  const heard: unknown[] = [];
  using client = connected(
    [
      unary('/a.B/Fail', text, text, () => {
        throw new DhowError('NotFound', 'nö such thing: 100%\nat all');
      }),
    ],
    heard,
  );
  await assert.rejects(client.call(method('/a.B/Fail'), {}, { signal }), {
    kind: 'NotFound',
    message: 'nö such thing: 100%\nat all',
  });
  assert.equal(heard.length, 1);
  await assert.rejects(client.call(method('/a.B/Other'), {}, { signal }), { kind: 'Unsupported' });
});

test('a client that cancels aborts the call', async () => {
  const cancelled = Promise.withResolvers<unknown>();
  using client = connected([
    unary('/a.B/Wait', text, text, (_request, call) => {
      const { promise, reject } = Promise.withResolvers<never>();
      call.signal.addEventListener('abort', () => {
        cancelled.resolve(call.signal.reason);
        reject(call.signal.reason);
      });
      abort.abort();
      return promise;
    }),
  ]);
  const abort = new AbortController();
  await assert.rejects(client.call(method('/a.B/Wait'), {}, { signal: abort.signal }), {
    name: 'AbortError',
  });
  assert.ok((await cancelled.promise) instanceof DhowError);
});

test('messages go both ways at once', async () => {
  using client = connected([
    bidirectional('/a.B/Echo', text, text, async function* (requests) {
      yield* requests;
    }),
  ]);
  const { send, end, messages } = client.open(method('/a.B/Echo'), { signal });
  const answers = collect(messages);
  for (let index = 0; index < 100; index++) {
    await send({ text: String(index), data: Buffer.alloc(50_000, index) });
  }
  end();
  assert.deepEqual(
    (await answers).map((answer) => answer.text),
    Array.from({ length: 100 }, (_, index) => String(index)),
  );
});

test('the other side going away is an error', async () => {
  const [near, far] = duplexPair();
  using client = connectGrpc(near);
  const call: CalledMethod<object, object> = method('/a.B/Echo');
  const waiting = client.call(call, {}, { signal });
  far.destroy();
  near.destroy();
  await assert.rejects(waiting, { kind: 'Unavailable' });
  await client.closed;
  await assert.rejects(client.call(call, {}, { signal }), { kind: 'Unavailable' });
});

test('frames that are compressed, too large or cut off are refused', async () => {
  const read = (frame: Buffer, end = true) => {
    const [near, far] = duplexPair();
    near.write(frame);
    if (end) near.end();
    return collect(readFrames(far));
  };
  await assert.rejects(read(Buffer.from([1, 0, 0, 0, 0])), { kind: 'Unsupported' });
  await assert.rejects(read(Buffer.from([0, 255, 255, 255, 255]), false), { kind: 'ResourceExhausted' });
  await assert.rejects(read(encodeFrame(Buffer.from('abc')).subarray(0, 7)), { kind: 'DataLoss' });
  await assert.rejects(read(Buffer.from([0, 0])), { kind: 'DataLoss' });
  assert.deepEqual(await read(Buffer.concat([encodeFrame(Buffer.from('a')), encodeFrame(Buffer.from(''))])), [
    Buffer.from('a'),
    Buffer.from(''),
  ]);
});

test('an error with very many words comes, cut', async () => {
  using client = connected([
    unary('/a.B/Fail', text, text, () => {
      throw new DhowError('NotFound', `such a thing: ${'é'.repeat(100_000)}`);
    }),
  ]);
  await assert.rejects(client.call(method('/a.B/Fail'), {}, { signal }), {
    kind: 'NotFound',
    message: /^such a thing: é{1000,6000}…$/,
  });
});

test('who sends is not kept waiting by a call that has ended', async () => {
  using client = connected([
    // biome-ignore lint/correctness/useYield: it fails before
    bidirectional('/a.B/Fail', text, text, async function* () {
      throw new DhowError('NotFound', 'no such thing');
    }),
  ]);
  const { send, messages } = client.open(method('/a.B/Fail'), { signal });
  const sendMuch = async (): Promise<void> => {
    for (let index = 0; index < 100; index++) await send({ data: Buffer.alloc(100_000) });
  };
  // Also when nobody reads what comes back.
  await assert.rejects(sendMuch(), { kind: 'NotFound', message: 'no such thing' });
  await assert.rejects(send({}), { kind: 'NotFound' });
  await assert.rejects(collect(messages), { kind: 'NotFound' });
});
