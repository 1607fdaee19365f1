import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '#image/digest.ts';
import { blob, descriptor, digest, fetchAll, rangeStart, serving } from '#registry/testing/blob.ts';
import { impatientClient, type StubHandler, startStub } from '#registry/testing/stub.ts';

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
