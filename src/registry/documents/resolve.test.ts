import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { digestOf } from '#image/digest.ts';
import { parseReference } from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';
import {
  impatientClient,
  type Stub,
  type StubHandler,
  sendError,
  sendJson,
  startStub,
} from '#registry/testing/stub.ts';

const signal = new AbortController().signal;
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

function manifestOf(name: string): Buffer {
  const config = Buffer.from(name);
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(config),
        size: config.length,
      },
      layers: [],
    }),
  );
}

function entry(bytes: Buffer, platform: object, more: object = {}): object {
  return { mediaType: manifestType, digest: digestOf(bytes), size: bytes.length, platform, ...more };
}

function indexOf(manifests: object[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
}

function send(response: ServerResponse, bytes: Buffer, type: string, headers: object = {}): void {
  response.writeHead(200, { 'content-type': type, 'docker-content-digest': digestOf(bytes), ...headers });
  response.end(bytes);
}

/** Serves documents by tag and by digest. */
function serving(documents: Record<string, Buffer>): StubHandler {
  const byName = new Map(Object.entries(documents));
  for (const bytes of Object.values(documents)) byName.set(digestOf(bytes), bytes);
  return ({ path }, response) => {
    const bytes = byName.get(path.replace('/v2/a/b/manifests/', ''));
    if (!bytes) return sendError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    send(response, bytes, bytes.includes('"manifests"') ? indexType : manifestType);
  };
}

function resolve(client: RegistryClient, stub: Stub, suffix = '', platform = amd64) {
  return client.resolve(parseReference(`${stub.host}/a/b${suffix}`), { platform, signal });
}

test('a manifest is found by tag and by digest', async () => {
  const bytes = manifestOf('x');
  await using stub = await startStub(serving({ latest: bytes, v1: bytes }));
  using client = impatientClient();
  for (const suffix of ['', ':v1', `@${digestOf(bytes)}`, `:other@${digestOf(bytes)}`]) {
    const found = await resolve(client, stub, suffix);
    assert.equal(found.targetDigest, digestOf(bytes), suffix);
    assert.equal(found.manifestDigest, digestOf(bytes), suffix);
    assert.deepEqual(found.manifestBytes, bytes);
    assert.equal(found.indexBytes, undefined);
  }
  assert.match(
    stub.requests[0]?.headers.accept ?? '',
    /oci\.image\.index.*docker\.distribution\.manifest\.v2/,
  );
});

test('the manifest of the wanted platform is taken from an index', async () => {
  const [one, two] = [manifestOf('1'), manifestOf('2')];
  const index = indexOf([entry(one, amd64), entry(two, arm64)]);
  await using stub = await startStub(serving({ latest: index, one, two }));
  using client = impatientClient();
  const found = await resolve(client, stub, '', arm64);
  assert.equal(found.targetDigest, digestOf(index));
  assert.equal(found.manifestDigest, digestOf(two));
  assert.deepEqual(found.indexBytes, index);
  await assert.rejects(resolve(client, stub, '', { os: 'linux', architecture: 's390x' }), {
    kind: 'NotFound',
    message:
      /no matching manifest for linux\/s390x in the manifest list entries: .* linux\/amd64, linux\/arm64$/,
  });
});

test('what is unknown is told in the words of Docker', async () => {
  const cases: [status: number, code: string, message: string, expected: RegExp][] = [
    [
      404,
      'MANIFEST_UNKNOWN',
      'manifest unknown',
      /^manifest for .*\/a\/b:nope not found: manifest unknown: manifest unknown$/,
    ],
    [
      404,
      'NAME_UNKNOWN',
      'repository name not known to registry',
      /^repository .*\/a\/b not found: name unknown: /,
    ],
    [
      403,
      'DENIED',
      'requested access to the resource is denied',
      /^pull access denied for .*\/a\/b, repository does not exist or may require 'docker login': denied: requested access/,
    ],
  ];
  for (const [status, code, message, expected] of cases) {
    await using stub = await startStub((_, response) => sendError(response, status, code, message));
    using client = impatientClient();
    await assert.rejects(resolve(client, stub, ':nope'), {
      kind: 'NotFound',
      reason: 'image-not-found',
      message: expected,
    });
    assert.equal(stub.requests.length, 1);
  }
});

test('documents that are not what was asked for are refused', async () => {
  const bytes = manifestOf('x');
  const other = manifestOf('y');
  const wrongSize = indexOf([entry(bytes, amd64, { size: bytes.length + 1 })]);
  const nested = indexOf([entry(indexOf([]), amd64)]);
  const cases: [name: string, handler: StubHandler, suffix: string, kind: string][] = [
    ['digest', (_, response) => send(response, other, manifestType), `@${digestOf(bytes)}`, 'DataLoss'],
    [
      'announced digest',
      (_, response) => send(response, other, manifestType, { 'docker-content-digest': digestOf(bytes) }),
      '',
      'DataLoss',
    ],
    ['size', serving({ latest: wrongSize, bytes }), '', 'DataLoss'],
    ['index in index', serving({ latest: nested, inner: indexOf([]) }), '', 'Unsupported'],
    ['no document', (_, response) => response.end('<html>'), '', 'InvalidParameter'],
    [
      'too large',
      (_, response) => response.end(Buffer.alloc(4 * 1024 * 1024 + 1, ' ')),
      '',
      'InvalidParameter',
    ],
  ];
  for (const [name, handler, suffix, kind] of cases) {
    await using stub = await startStub(handler);
    using client = impatientClient();
    await assert.rejects(resolve(client, stub, suffix), { kind }, name);
  }
});

test('a digest of an unknown algorithm does not stand in the way', async () => {
  const bytes = manifestOf('x');
  await using stub = await startStub((_, response) =>
    send(response, bytes, manifestType, { 'docker-content-digest': 'sha512:abc' }),
  );
  using client = impatientClient();
  assert.equal((await resolve(client, stub)).manifestDigest, digestOf(bytes));
});

test('a registry that is busy is asked again', async () => {
  const bytes = manifestOf('x');
  await using stub = await startStub((_, response, count) => {
    if (count === 1) return sendError(response, 429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '0' });
    if (count === 2) return sendError(response, 502, 'UNKNOWN', 'bad gateway');
    if (count === 3) return void response.destroy();
    return send(response, bytes, manifestType);
  });
  using client = impatientClient();
  assert.equal((await resolve(client, stub)).manifestDigest, digestOf(bytes));
});

test('a registry that is not there is told at once', async () => {
  const stub = await startStub(() => {});
  await stub[Symbol.asyncDispose]();
  using client = impatientClient();
  await assert.rejects(resolve(client, stub), { kind: 'Unavailable', message: /connection refused/ });
});

test('a server that is no registry is told from one without the image', async () => {
  await using stub = await startStub((_, response) => {
    response.writeHead(404, { 'content-type': 'text/html' });
    response.end('<html>');
  });
  using client = impatientClient();
  await assert.rejects(resolve(client, stub), { kind: 'NotFound', message: /manifest unknown$/ });
});

test('an abort ends a wait for an answer with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  await using stub = await startStub(() => controller.abort(reason));
  using client = impatientClient();
  const waiting = client.resolve(parseReference(`${stub.host}/a/b`), {
    platform: amd64,
    signal: controller.signal,
  });
  await assert.rejects(waiting, reason);
});

test('a configuration is checked against its descriptor', async () => {
  const config = Buffer.from(JSON.stringify({ ...amd64, rootfs: { type: 'layers', diff_ids: [] } }));
  const descriptor = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(config),
    size: config.length,
  };
  let served = config;
  await using stub = await startStub((_, response, count) => {
    if (count === 1) {
      response.writeHead(200, { 'content-length': served.length });
      response.write(served.subarray(0, 10), () => response.destroy());
      return;
    }
    response.end(served);
  });
  using client = impatientClient();
  const reference = parseReference(`${stub.host}/a/b`);
  const fetched = await client.fetchConfig(reference, descriptor, { signal });
  assert.deepEqual(fetched.bytes, config);
  assert.equal(fetched.config.architecture, 'amd64');
  served = Buffer.from(config.toString().replace('linux', 'LINUX'));
  await assert.rejects(client.fetchConfig(reference, descriptor, { signal }), { kind: 'DataLoss' });
  const huge = { ...descriptor, size: 8 * 1024 * 1024 + 1 };
  await assert.rejects(client.fetchConfig(reference, huge, { signal }), { kind: 'InvalidParameter' });
});

test('referrers come from the list, or from the tag of old registries', async () => {
  const digest = digestOf('subject');
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: ['signature', 'sbom'].map((artifactType) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(artifactType),
      size: 1,
      artifactType,
    })),
  };
  for (const isOld of [false, true]) {
    await using stub = await startStub(({ path }, response) => {
      const isList = path.startsWith(`/v2/a/b/referrers/${digest}`);
      const isTag = path === `/v2/a/b/manifests/${digest.replace(':', '-')}`;
      if (isOld ? isTag : isList) sendJson(response, index);
      else sendError(response, 404, 'NAME_UNKNOWN', 'no such page');
    });
    using client = impatientClient();
    const reference = { ...parseReference(`${stub.host}/a/b`), digest };
    const all = await client.referrers(reference, { signal });
    assert.deepEqual(
      all.map((entry) => entry.artifactType),
      ['signature', 'sbom'],
    );
    const some = await client.referrers(reference, { artifactType: 'sbom', signal });
    assert.deepEqual(
      some.map((entry) => entry.digest),
      [digestOf('sbom')],
    );
  }
  await using empty = await startStub((_, response) => sendError(response, 404, 'NAME_UNKNOWN', 'no'));
  using client = impatientClient();
  assert.deepEqual(
    await client.referrers({ ...parseReference(`${empty.host}/a/b`), digest }, { signal }),
    [],
  );
});
