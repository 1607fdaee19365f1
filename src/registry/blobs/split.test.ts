import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '#image/reference.ts';
import { createSplitDecision } from '#registry/blobs/split.ts';
import { defaultLimits } from '#registry/registry.ts';
import { blob, descriptor, fetchAll } from '#registry/testing/blob.ts';
import { impatientClient, type StubHandler, startStub } from '#registry/testing/stub.ts';

/** Everything is slow, and everything is large. */
const limits = {
  splitFromBytes: 50_000,
  splitPartBytes: 50_000,
  splitConnections: 3,
  splitBelowBytesPerMs: Number.POSITIVE_INFINITY,
};

interface Behaviour {
  /** What the server does with a range that has an end. */
  onPart?: (first: number, last: number, count: number) => 'cut' | 'ignore' | 'shift' | undefined;
}

/** A server that knows ranges with and without an end. */
function serving({ onPart }: Behaviour = {}): StubHandler {
  const counts = new Map<number, number>();
  return ({ headers }, response) => {
    const [, firstText, lastText] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? 'bytes=0-') ?? [];
    const first = Number(firstText);
    const last = lastText ? Number(lastText) : blob.length - 1;
    const count = (counts.get(first) ?? 0) + 1;
    counts.set(first, count);
    const how = lastText ? onPart?.(first, last, count) : undefined;
    if (headers.range === undefined || how === 'ignore') {
      response.writeHead(200, { 'content-length': blob.length }).end(blob);
      return;
    }
    const from = how === 'shift' ? first + 1 : first;
    const part = blob.subarray(from, last + 1);
    response.writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${from}-${last}/${blob.length}`,
    });
    if (how === 'cut') response.write(part.subarray(0, 1000), () => response.destroy());
    else response.end(part);
  };
}

test('a large blob comes in parts on several connections, in order', async () => {
  await using stub = await startStub(serving());
  using client = impatientClient({ limits });
  const { bytes, restarts } = await fetchAll(client, stub);
  assert.ok(bytes.equals(blob));
  assert.equal(restarts, 0);
  const parts = stub.requests.filter(({ headers }) => /^bytes=\d+-\d+$/.test(headers.range ?? ''));
  assert.ok(parts.length > 8, `${parts.length} parts`);
});

test('it does so also behind what is there already', async () => {
  await using stub = await startStub(serving());
  using client = impatientClient({ limits });
  const { bytes, restarts } = await fetchAll(client, stub, { offset: 123_456 });
  assert.ok(bytes.equals(blob));
  assert.equal(restarts, 0);
});

test('a part that breaks is fetched again, and no other', async () => {
  await using stub = await startStub(
    serving({ onPart: (_first, _last, count) => (count === 1 ? 'cut' : undefined) }),
  );
  using client = impatientClient({ limits });
  const { bytes, restarts } = await fetchAll(client, stub);
  assert.ok(bytes.equals(blob));
  assert.equal(restarts, 0);
});

for (const how of ['ignore', 'shift'] as const) {
  test(`a server that answers ranges otherwise is asked on one connection (${how})`, async () => {
    await using stub = await startStub(serving({ onPart: () => how }));
    using client = impatientClient({ limits });
    const { bytes, restarts } = await fetchAll(client, stub);
    assert.ok(bytes.equals(blob));
    assert.equal(restarts, 0);
  });
}

test('parts that always break are given up', async () => {
  await using stub = await startStub(serving({ onPart: () => 'cut' }));
  using client = impatientClient({ limits });
  await assert.rejects(fetchAll(client, stub), { kind: 'Unavailable' });
});

test('leaving a download ends its connections', async () => {
  await using stub = await startStub(serving());
  using client = impatientClient({ limits });
  const signal = AbortSignal.timeout(10_000);
  const stream = client.fetchBlob(parseReference(`${stub.host}/a/b`), descriptor, {
    offset: 0,
    onRestart: async () => {},
    signal,
  });
  let received = 0;
  for await (const chunk of stream) {
    received += chunk.length;
    if (received > 200_000) break;
  }
  assert.ok(received < blob.length);
});

test('only a slow connection gets help, and only while much is left', () => {
  const size = 200 * 1024 * 1024;
  const at = (bytesPerMs: number, position: number): boolean => {
    let time = 0;
    const decide = createSplitDecision(defaultLimits, () => time);
    assert.equal(decide(0, size), false);
    time = position / bytesPerMs;
    return decide(position, size);
  };
  assert.equal(at(1_000, 10 * 1024 * 1024), true);
  assert.equal(at(100_000, 10 * 1024 * 1024), false);
  assert.equal(at(1_000, 1024 * 1024), false);
  assert.equal(at(1_000, size - 1024 * 1024), false);
});
