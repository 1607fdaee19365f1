import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { digestOf } from '#image/digest.ts';
import { parseReference } from '#image/reference.ts';
import type { UploadBlob } from '#registry/registry.ts';
import { impatientClient, sendError, startStub } from '#registry/testing/stub.ts';
import { startUploadStub, type UploadStub } from '#registry/testing/upload-stub.ts';

const signal = new AbortController().signal;
const large = randomBytes(3_000_000);

/** A blob that remembers from where it was read. */
function blobOf(bytes: Buffer): UploadBlob & { opened: number[] } {
  const opened: number[] = [];
  return {
    digest: digestOf(bytes),
    sizeBytes: bytes.length,
    opened,
    async *open(offset) {
      opened.push(offset);
      for (let i = offset; i < bytes.length; i += 65_536) yield bytes.subarray(i, i + 65_536);
    },
  };
}

function received(stub: UploadStub, bytes: Buffer, repository = 'a/b'): boolean {
  return stub.blobs.get(`${repository}@${digestOf(bytes)}`)?.equals(bytes) ?? false;
}

test('a small blob goes in one request, a large one in a stream', async () => {
  await using stub = await startUploadStub();
  using client = impatientClient();
  const reference = parseReference(`${stub.host}/a/b`);
  const small = Buffer.from('small');
  assert.deepEqual(await client.pushBlob(reference, blobOf(small), { signal }), { kind: 'uploaded' });
  assert.deepEqual(
    stub.requests.map((request) => request.split(' ')[0]),
    ['POST', 'PUT'],
  );
  const seen: number[] = [];
  await client.pushBlob(reference, blobOf(large), { signal, onProgress: (bytes) => seen.push(bytes) });
  assert.deepEqual(
    stub.requests.slice(2).map((request) => request.split(' ')[0]),
    ['POST', 'PATCH', 'PUT'],
  );
  assert.ok(received(stub, small) && received(stub, large));
  assert.equal(seen.at(-1), large.length);
  assert.equal(await client.hasBlob(reference, digestOf(large), { signal }), true);
  assert.equal(await client.hasBlob(reference, digestOf('other'), { signal }), false);
});

test('a broken upload goes on where it broke', async () => {
  await using stub = await startUploadStub({ cutPatch: (count) => [1_000_000, 500_000][count - 1] });
  using client = impatientClient();
  const blob = blobOf(large);
  await client.pushBlob(parseReference(`${stub.host}/a/b`), blob, { signal });
  assert.ok(received(stub, large));
  assert.deepEqual(blob.opened, [0, 1_000_000, 1_500_000]);
});

test('an upload that the registry forgot begins anew', async () => {
  await using stub = await startUploadStub({
    cutPatch: (count) => [1_000_000][count - 1],
    forgetsUploads: true,
  });
  using client = impatientClient();
  const blob = blobOf(large);
  await client.pushBlob(parseReference(`${stub.host}/a/b`), blob, { signal });
  assert.ok(received(stub, large));
  assert.deepEqual(blob.opened, [0, 0]);
});

test('an upload that never goes on is given up', async () => {
  await using stub = await startUploadStub({ cutPatch: () => 0 });
  using client = impatientClient();
  await assert.rejects(client.pushBlob(parseReference(`${stub.host}/a/b`), blobOf(large), { signal }), {
    kind: 'Unavailable',
  });
  assert.equal(stub.blobs.size, 0);
});

test('a registry that takes no large body gets smaller ones', async () => {
  await using stub = await startUploadStub({ maxBodyBytes: 9_000_000 });
  using client = impatientClient();
  const huge = randomBytes(20_000_000);
  await client.pushBlob(parseReference(`${stub.host}/a/b`), blobOf(huge), { signal });
  assert.ok(received(stub, huge));
  await using strict = await startUploadStub({ maxBodyBytes: 1000 });
  await assert.rejects(client.pushBlob(parseReference(`${strict.host}/a/b`), blobOf(large), { signal }), {
    kind: 'ResourceExhausted',
  });
});

test('a blob that another repository has is mounted, and uploaded when that does not work', async () => {
  await using stub = await startUploadStub();
  using client = impatientClient();
  await client.pushBlob(parseReference(`${stub.host}/a/b`), blobOf(large), { signal });
  const mounted = blobOf(large);
  const target = parseReference(`${stub.host}/c/d`);
  assert.deepEqual(await client.pushBlob(target, mounted, { signal, mountFrom: ['no/such', 'a/b'] }), {
    kind: 'mounted',
    from: 'a/b',
  });
  assert.deepEqual(mounted.opened, []);
  assert.ok(received(stub, large, 'c/d'));
  const elsewhere = parseReference(`${stub.host}/e/f`);
  const other = Buffer.from('other');
  assert.deepEqual(await client.pushBlob(elsewhere, blobOf(other), { signal, mountFrom: ['a/b'] }), {
    kind: 'uploaded',
  });
});

test('a refusal is told at once, also in the middle of the body', async () => {
  await using stub = await startUploadStub({
    answer(request, response) {
      if (request.method !== 'PATCH') return false;
      sendError(response, 403, 'DENIED', 'requested access to the resource is denied');
      return true;
    },
  });
  using client = impatientClient();
  await assert.rejects(client.pushBlob(parseReference(`${stub.host}/a/b`), blobOf(large), { signal }), {
    kind: 'Forbidden',
    message: /^denied: requested access to the resource is denied \(log in with/,
  });
});

test('a wrong digest and an upload sent to another host are refused', async () => {
  await using stub = await startUploadStub();
  using client = impatientClient();
  const blob = { ...blobOf(Buffer.from('x')), digest: digestOf('y') };
  await assert.rejects(client.pushBlob(parseReference(`${stub.host}/a/b`), blob, { signal }), {
    message: /wrong digest/,
  });
  await using strange = await startStub((_, response) => {
    response.writeHead(202, { location: 'http://elsewhere.test/upload' }).end();
  });
  await assert.rejects(client.pushBlob(parseReference(`${strange.host}/a/b`), blobOf(large), { signal }), {
    kind: 'Forbidden',
    message: /another host/,
  });
});

test('a manifest is put under its tag, or its digest', async () => {
  await using stub = await startUploadStub();
  using client = impatientClient();
  const manifest = { bytes: Buffer.from('{}'), mediaType: 'application/vnd.oci.image.manifest.v1+json' };
  const digest = await client.pushManifest(parseReference(`${stub.host}/a/b:v1`), manifest, { signal });
  await client.pushManifest(parseReference(`${stub.host}/a/b`), manifest, { signal });
  assert.deepEqual([...stub.manifests.keys()], ['a/b:v1', `a/b:${digest}`]);
});

test('a token for pushing is asked for with the right scope', async () => {
  const scopes: (string | null)[] = [];
  await using auth = await startStub(({ path }, response) => {
    scopes.push(new URL(path, 'http://x').searchParams.getAll('scope').join(' '));
    response.end('{"token":"t"}');
  });
  await using stub = await startUploadStub({
    answer(request, response) {
      if (request.headers.authorization === 'Bearer t') return false;
      request.resume();
      sendError(response, 401, 'UNAUTHORIZED', 'x', {
        'www-authenticate': `Bearer realm="http://${auth.host}/token",service="s",scope="repository:a/b:pull"`,
      });
      return true;
    },
  });
  using client = impatientClient();
  const reference = parseReference(`${stub.host}/a/b`);
  await client.pushBlob(reference, blobOf(large), { signal, mountFrom: ['c/d'] });
  assert.deepEqual(scopes, ['repository:a/b:pull,push repository:c/d:pull', 'repository:a/b:pull,push']);
});

test('tags come in pages', async () => {
  await using stub = await startStub(({ path }, response) => {
    const last = new URL(path, 'http://x').searchParams.get('last');
    const next: Record<string, string> =
      last === null ? { link: '</v2/a/b/tags/list?last=two>; rel="next"' } : {};
    response.writeHead(200, next);
    response.end(JSON.stringify({ name: 'a/b', tags: last === null ? ['one', 'two'] : ['three', 4] }));
  });
  using client = impatientClient();
  assert.deepEqual(await client.listTags(parseReference(`${stub.host}/a/b`), { signal }), [
    'one',
    'two',
    'three',
  ]);
});

test('a blob that cannot be read is not tried again', async () => {
  await using stub = await startUploadStub();
  using client = impatientClient();
  let opened = 0;
  const blob: UploadBlob = {
    ...blobOf(large),
    async *open() {
      opened++;
      yield large.subarray(0, 1000);
      throw new RangeError('gone');
    },
  };
  await assert.rejects(client.pushBlob(parseReference(`${stub.host}/a/b`), blob, { signal }), RangeError);
  assert.equal(opened, 1);
});

test('a registry that does not know its own port is asked where it was found', async () => {
  await using front = await startUploadStub({
    answer(request, response) {
      if (request.method !== 'POST') return false;
      response.writeHead(202, { location: `https://127.0.0.1:1/v2/a/b/blobs/uploads/u0` }).end();
      return true;
    },
  });
  using client = impatientClient();
  await assert.rejects(
    client.pushBlob(parseReference(`${front.host}/a/b`), blobOf(Buffer.from('x')), { signal }),
    { kind: 'NotFound' },
  );
  assert.ok(front.requests.some((request) => request.startsWith('PUT ')));
});
