import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type Digest, digestOf } from '#image/digest.ts';
import type { Descriptor } from '#image/manifest.ts';
import { parseReference } from '#image/reference.ts';
import type { BlobOptions, RegistryClient } from '#registry/registry.ts';
import {
  impatientClient,
  type Stub,
  type StubHandler,
  sendError,
  startStub,
} from '#registry/testing/stub.ts';

const blob = randomBytes(700_000);
const digest = digestOf(blob);
const descriptor: Descriptor = { mediaType: 'application/octet-stream', digest, size: blob.length };
const signal = new AbortController().signal;

/** What a caller has at the end, restarts taken into account. */
async function fetchAll(
  client: RegistryClient,
  stub: Stub,
  options: Partial<BlobOptions> & { descriptor?: Descriptor } = {},
): Promise<{ bytes: Buffer; restarts: number }> {
  const offset = options.offset ?? 0;
  let parts: Uint8Array[] = [blob.subarray(0, offset)];
  let restarts = 0;
  const stream = client.fetchBlob(parseReference(`${stub.host}/a/b`), options.descriptor ?? descriptor, {
    signal,
    ...options,
    offset,
    onRestart: async () => {
      parts = [];
      restarts++;
    },
  });
  for await (const chunk of stream) parts.push(chunk);
  return { bytes: Buffer.concat(parts), restarts };
}

function rangeStart(range: string | undefined): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? 'bytes=0-')?.[1]);
}

/** Serves the blob as a good registry does, but cuts the connection after `cut` bytes. */
function serving(cut: (count: number) => number): StubHandler {
  return ({ headers }, response, count) => {
    const first = rangeStart(headers.range);
    const rest = blob.subarray(first);
    const partial = { 'content-range': `bytes ${first}-${blob.length - 1}/${blob.length}` };
    response.writeHead(headers.range ? 206 : 200, {
      'content-length': rest.length,
      ...(headers.range && partial),
    });
    const limit = cut(count);
    if (limit >= rest.length) response.end(rest);
    else response.write(rest.subarray(0, limit), () => response.destroy());
  };
}

test('a blob arrives whole, from the start and from an offset', async () => {
  await using stub = await startStub(serving(() => blob.length));
  using client = impatientClient();
  for (const offset of [0, 1, 65_536, blob.length - 1, blob.length]) {
    const { bytes, restarts } = await fetchAll(client, stub, { offset });
    assert.equal(digestOf(bytes), digest, `offset ${offset}`);
    assert.equal(restarts, 0);
  }
  assert.equal(stub.requests.length, 4, 'nothing is asked for what is complete');
  assert.equal(stub.requests[0]?.path, `/v2/a/b/blobs/${digest}`);
  assert.equal(stub.requests[0]?.headers['user-agent'], 'dhow-test');
});

test('an empty blob needs no request', async () => {
  await using stub = await startStub((_, response) => response.destroy());
  using client = impatientClient();
  const { bytes } = await fetchAll(client, stub, { descriptor: { ...descriptor, size: 0 } });
  assert.equal(bytes.length, 0);
  assert.equal(stub.requests.length, 0);
});

test('a connection that is cut is continued where it broke, as often as it advances', async () => {
  await using stub = await startStub(serving(() => 100_000));
  using client = impatientClient();
  const { bytes, restarts } = await fetchAll(client, stub);
  assert.equal(digestOf(bytes), digest);
  assert.equal(restarts, 0);
  assert.ok(stub.requests.length > 4, `${stub.requests.length} requests`);
  assert.ok(stub.requests.slice(1).every(({ headers }) => rangeStart(headers.range) > 0));
});

test('a server that does not advance is given up', async () => {
  for (const cut of [0, 10]) {
    await using stub = await startStub(serving(() => cut));
    using client = impatientClient();
    await assert.rejects(fetchAll(client, stub), { kind: 'Unavailable' });
    assert.equal(stub.requests.length, 4, `cut after ${cut}`);
  }
});

test('a server without ranges makes the blob begin anew', async () => {
  const whole: StubHandler = (_, response, count) => {
    response.writeHead(200, { 'content-length': blob.length });
    if (count > 1) response.end(blob);
    else response.write(blob.subarray(0, 300_000), () => response.destroy());
  };
  await using stub = await startStub(whole);
  using client = impatientClient();
  const broken = await fetchAll(client, stub);
  assert.equal(digestOf(broken.bytes), digest);
  assert.equal(broken.restarts, 1);
  const continued = await fetchAll(client, stub, { offset: 5 });
  assert.equal(digestOf(continued.bytes), digest);
  assert.equal(continued.restarts, 1);
});

test('a server without ranges that always breaks is given up', async () => {
  await using stub = await startStub((_, response) => {
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 300_000), () => response.destroy());
  });
  using client = impatientClient();
  await assert.rejects(fetchAll(client, stub), { kind: 'Unavailable' });
  assert.ok(stub.requests.length <= 5, `${stub.requests.length} requests`);
});

test('a range that is not the one asked for is not believed', async () => {
  const lies: Record<string, string | undefined>[] = [
    { 'content-range': `bytes 0-${blob.length - 1}/${blob.length}` },
    { 'content-range': `bytes 6-${blob.length - 1}/${blob.length}` },
    { 'content-range': `bytes 5-${blob.length - 1}/${blob.length + 1}` },
    { 'content-range': 'nonsense' },
    {},
  ];
  for (const lie of lies) {
    await using stub = await startStub(({ headers }, response) => {
      response.writeHead(headers.range ? 206 : 200, headers.range ? lie : {});
      response.end(blob);
    });
    using client = impatientClient();
    const { bytes, restarts } = await fetchAll(client, stub, { offset: 5 });
    assert.equal(digestOf(bytes), digest, JSON.stringify(lie));
    assert.equal(restarts, 1);
  }
});

test('a range that cannot be satisfied makes the blob begin anew', async () => {
  await using stub = await startStub(({ headers }, response) => {
    response.writeHead(headers.range ? 416 : 200);
    response.end(headers.range ? undefined : blob);
  });
  using client = impatientClient();
  const { bytes, restarts } = await fetchAll(client, stub, { offset: 5 });
  assert.equal(digestOf(bytes), digest);
  assert.equal(restarts, 1);
});

test('more or fewer bytes than the manifest says are refused', async () => {
  const wrong: StubHandler[] = [
    (_, response) => response.end(Buffer.concat([blob, blob])),
    (_, response) => {
      response.write(blob);
      response.end('x');
    },
    (_, response) => {
      response.writeHead(200, { 'content-length': 3 });
      response.end('abc');
    },
  ];
  for (const handle of wrong) {
    await using stub = await startStub(handle);
    using client = impatientClient();
    await assert.rejects(fetchAll(client, stub), { kind: 'DataLoss' });
    assert.equal(stub.requests.length, 1);
  }
});

test('a body without length that ends early is continued', async () => {
  await using stub = await startStub(({ headers }, response, count) => {
    const first = rangeStart(headers.range);
    const range = { 'content-range': `bytes ${first}-${blob.length - 1}/*` };
    response.writeHead(headers.range ? 206 : 200, headers.range ? range : {});
    response.end(count === 1 ? blob.subarray(0, 200_000) : blob.subarray(first));
  });
  using client = impatientClient();
  const { bytes } = await fetchAll(client, stub);
  assert.equal(digestOf(bytes), digest);
});

test('a server that goes silent is left and asked again', async () => {
  await using stub = await startStub((request, response, count) => {
    if (count > 1) return serving(() => blob.length)(request, response, count);
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 100_000));
  });
  using client = impatientClient({ limits: { idleTimeoutMs: 50 } });
  const { bytes } = await fetchAll(client, stub);
  assert.equal(digestOf(bytes), digest);
});

test('errors of the server are retried or not by their kind', async () => {
  const cases: [status: number, code: string, kind: string, requests: number][] = [
    [404, 'BLOB_UNKNOWN', 'NotFound', 1],
    [400, 'DIGEST_INVALID', 'Unavailable', 1],
    [403, 'UNKNOWN', 'NotFound', 1],
    [429, 'TOOMANYREQUESTS', 'ResourceExhausted', 4],
    [500, 'UNKNOWN', 'Unavailable', 4],
    [503, 'UNAVAILABLE', 'Unavailable', 4],
  ];
  for (const [status, code, kind, requests] of cases) {
    await using stub = await startStub((_, response) => sendError(response, status, code, 'sorry'));
    using client = impatientClient();
    await assert.rejects(fetchAll(client, stub), { kind, message: /sorry/ }, String(status));
    assert.equal(stub.requests.length, requests, String(status));
  }
});

test('a server that recovers is not held against the image', async () => {
  await using stub = await startStub((request, response, count) => {
    if (count === 1) return sendError(response, 503, 'UNAVAILABLE', 'starting', { 'retry-after': '0' });
    if (count === 2) return response.destroy();
    return serving(() => blob.length)(request, response, count);
  });
  using client = impatientClient();
  const { bytes } = await fetchAll(client, stub);
  assert.equal(digestOf(bytes), digest);
});

test('storage behind a redirect gets the range and no token, and a refusal there leads back to the registry', async () => {
  await using storage = await startStub((request, response, count) => {
    if (count === 1) return sendError(response, 403, 'ExpiredToken', 'too late');
    return serving((n) => (n === 2 ? 200_000 : blob.length))(request, response, count);
  });
  await using stub = await startStub((_, response) => {
    response.writeHead(307, { location: `http://${storage.host}/object?signature=secret` });
    response.end();
  });
  using client = impatientClient();
  const credentials = { kind: 'registry-token', token: 'tttt' } as const;
  const { bytes, restarts } = await fetchAll(client, stub, { credentials });
  assert.equal(digestOf(bytes), digest);
  assert.equal(restarts, 0);
  assert.ok(stub.requests.every(({ headers }) => headers.authorization === 'Bearer tttt'));
  assert.ok(storage.requests.every(({ headers }) => headers.authorization === undefined));
  assert.equal(storage.requests.at(-1)?.headers.range, 'bytes=200000-');
});

test('an abort ends the stream with its reason and closes the connection', async () => {
  const closed = Promise.withResolvers<void>();
  await using stub = await startStub((_, response) => {
    response.once('close', closed.resolve);
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 1000));
  });
  using client = impatientClient();
  const controller = new AbortController();
  const reason = new Error('enough');
  const consume = async (): Promise<void> => {
    const options = { offset: 0, onRestart: async () => {}, signal: controller.signal };
    for await (const _ of client.fetchBlob(parseReference(`${stub.host}/a/b`), descriptor, options)) {
      controller.abort(reason);
    }
  };
  await assert.rejects(consume(), reason);
  await closed.promise;
});

test('a consumer that stops closes the connection', async () => {
  const closed = Promise.withResolvers<void>();
  await using stub = await startStub((_, response) => {
    response.once('close', closed.resolve);
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 1000));
  });
  using client = impatientClient();
  const options = { offset: 0, onRestart: async () => {}, signal };
  for await (const _ of client.fetchBlob(parseReference(`${stub.host}/a/b`), descriptor, options)) break;
  await closed.promise;
});

test('an offset outside of the blob is refused', async () => {
  await using stub = await startStub((_, response) => response.end());
  using client = impatientClient();
  for (const offset of [-1, 0.5, blob.length + 1]) {
    const stream = client.fetchBlob(parseReference(`${stub.host}/a/b`), descriptor, {
      offset,
      onRestart: async () => {},
      signal,
    });
    await assert.rejects(Array.fromAsync(stream), { kind: 'InvalidParameter' });
  }
});

test('the connections to one host are bounded', async () => {
  let open = 0;
  let most = 0;
  const all = Promise.withResolvers<void>();
  await using stub = await startStub((_, response) => {
    open++;
    most = Math.max(most, open);
    if (open === 2) all.resolve();
    void all.promise.then(() => {
      open--;
      response.end('abc');
    });
  });
  using client = impatientClient({ limits: { connectionsPerHost: 2 } });
  const small = { ...descriptor, digest: digestOf('abc') as Digest, size: 3 };
  await Promise.all(Array.from({ length: 8 }, () => fetchAll(client, stub, { descriptor: small })));
  assert.equal(most, 2);
});
