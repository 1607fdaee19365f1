import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, digestOf } from '#image/digest.ts';
import { parseReference } from '#image/reference.ts';
import { blob, descriptor, digest, fetchAll, serving } from '#registry/testing/blob.ts';
import { impatientClient, type StubHandler, sendError, startStub } from '#registry/testing/stub.ts';

const signal = new AbortController().signal;

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
