import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { digestOf } from '#image/digest.ts';
import { parseReference } from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';
import { testCertificate, testKey } from '#registry/testing/certificate.ts';
import { impatientClient, type StubHandler, sendError, startStub } from '#registry/testing/stub.ts';

const signal = new AbortController().signal;
const platform = { os: 'linux', architecture: 'amd64' };
const blob = Buffer.from('a blob');
const descriptor = { mediaType: 'x', digest: digestOf(blob), size: blob.length };
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    config: { ...descriptor, mediaType: 'application/vnd.oci.image.config.v1+json' },
    layers: [],
  }),
);

/** Has one image. */
const serving: StubHandler = ({ path }, response) => {
  if (path.includes('/manifests/'))
    response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
  response.end(path.includes('/manifests/') ? manifest : blob);
};
const missing: StubHandler = (_, response) =>
  sendError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');

async function pull(
  client: RegistryClient,
  name: string,
  credentials?: { kind: 'registry-token'; token: string },
) {
  const reference = parseReference(name);
  const found = await client.resolve(reference, { platform, credentials, signal });
  const options = { offset: 0, onRestart: async () => {}, credentials, signal };
  const chunks = await Array.fromAsync(client.fetchBlob(reference, descriptor, options));
  assert.equal(Buffer.concat(chunks).toString(), 'a blob');
  return found;
}

test('mirrors are asked in order, without credentials, and the registry at last', async () => {
  await using first = await startStub(missing);
  await using second = await startStub((_, response) => sendError(response, 500, 'UNKNOWN', 'broken'));
  await using third = await startStub(serving);
  await using registry = await startStub(serving);
  const mirrors = [`http://${first.host}`, `http://${second.host}`, `http://${third.host}/cache`];
  using client = impatientClient({ registryMirrors: { [registry.host]: mirrors } });
  const credentials = { kind: 'registry-token', token: 'secret' } as const;
  const found = await pull(client, `${registry.host}/a/b`, credentials);
  assert.equal(found.manifestDigest, digestOf(manifest));
  assert.equal(first.requests.length, 2, 'a mirror that lacks an image stays in use');
  assert.equal(second.requests.length, 1, 'a mirror that is broken rests');
  assert.deepEqual(
    third.requests.map(({ path }) => path),
    ['/cache/v2/a/b/manifests/latest', `/cache/v2/a/b/blobs/${descriptor.digest}`],
  );
  assert.equal(registry.requests.length, 0);
  for (const mirror of [first, second, third]) {
    assert.ok(mirror.requests.every(({ headers }) => headers.authorization === undefined));
  }
});

test('a blob that breaks off at a mirror is continued at the registry', async () => {
  await using mirror = await startStub((_, response, count) => {
    if (count > 1) return void response.destroy();
    response.writeHead(200, { 'content-length': blob.length });
    response.write(blob.subarray(0, 3), () => response.destroy());
  });
  await using registry = await startStub(({ headers }, response) => {
    response.writeHead(206, { 'content-range': `bytes 3-5/${blob.length}` });
    response.end(headers.range === 'bytes=3-' ? blob.subarray(3) : 'xxx');
  });
  using client = impatientClient({ registryMirrors: { [registry.host]: [`http://${mirror.host}`] } });
  const options = { offset: 0, onRestart: () => assert.fail('restarted'), signal };
  const chunks = await Array.fromAsync(
    client.fetchBlob(parseReference(`${registry.host}/a`), descriptor, options),
  );
  assert.equal(Buffer.concat(chunks).toString(), 'a blob');
});

test('when nobody has the image, the registry has the last word', async () => {
  await using mirror = await startStub((_, response) => response.destroy());
  await using registry = await startStub(missing);
  using client = impatientClient({ registryMirrors: { [registry.host]: [`http://${mirror.host}`] } });
  await assert.rejects(pull(client, `${registry.host}/a/b`), { kind: 'NotFound', message: /not found/ });
});

test('Docker Hub is asked under its own name, through the proxy', async () => {
  await using proxy = await startProxy({});
  using client = impatientClient({ proxy: { httpsProxy: proxy.url }, limits: { attempts: 1 } });
  await assert.rejects(pull(client, 'busybox'), {
    kind: 'Unavailable',
    message: /registry-1\.docker\.io.* through the proxy 127\.0\.0\.1:\d+: /,
  });
  assert.deepEqual(proxy.asked, ['registry-1.docker.io:443']);
});

test('loopback is spoken to without a proxy, plainly or with any certificate', async () => {
  await using proxy = await startProxy({});
  const options = { proxy: { httpProxy: proxy.url, httpsProxy: proxy.url } };
  await using plain = await startStub(serving);
  await using encrypted = await startStub(serving, { tls: { cert: testCertificate, key: testKey } });
  using client = impatientClient(options);
  await pull(client, `${plain.host}/a/b`);
  await pull(client, `${encrypted.host}/a/b`);
  assert.deepEqual(proxy.asked, []);
});

test('a host keeps its scheme until it cannot be reached', async () => {
  const first = await startStub(serving);
  using client = impatientClient({ limits: { attempts: 1 } });
  await pull(client, `${first.host}/a/b`);
  await first[Symbol.asyncDispose]();
  await assert.rejects(pull(client, `${first.host}/a/b`), { kind: 'Unavailable' });
  const port = Number(first.host.split(':')[1]);
  await using _second = await startStub(serving, { tls: { cert: testCertificate, key: testKey }, port });
  await pull(client, `${first.host}/a/b`);
});

test('a registry elsewhere must show a certificate that is trusted', async () => {
  await using registry = await startStub(serving, { tls: { cert: testCertificate, key: testKey } });
  await using proxy = await startProxy({ 'registry.test:5000': registry.host });
  const proxied = { proxy: { httpsProxy: proxy.url, httpProxy: proxy.url } };
  const image = 'registry.test:5000/a/b';

  using stranger = impatientClient(proxied);
  await assert.rejects(pull(stranger, image), {
    kind: 'Unavailable',
    message:
      /certificate not trusted: put its authority into \/etc\/docker\/certs\.d\/registry\.test:5000\/ca\.crt/,
  });

  const directory = await mkdtemp(join(tmpdir(), 'registry-client-'));
  try {
    await mkdir(join(directory, 'registry.test:5000'));
    await writeFile(join(directory, 'registry.test:5000', 'ca.crt'), testCertificate);
    using trusting = impatientClient({ ...proxied, certificatesDirectory: directory });
    await pull(trusting, image);
  } finally {
    await rm(directory, { recursive: true });
  }

  using careless = impatientClient({ ...proxied, insecureRegistries: ['registry.test:5000'] });
  await pull(careless, image);
});

test('a client certificate is shown where there is one', async () => {
  const shown: boolean[] = [];
  const handle: StubHandler = (request, response, count) => {
    shown.push((response.socket as TLSSocket).authorized);
    serving(request, response, count);
  };
  const tls = {
    cert: testCertificate,
    key: testKey,
    ca: testCertificate,
    requestCert: true,
    rejectUnauthorized: false,
  };
  await using registry = await startStub(handle, { tls });
  const directory = await mkdtemp(join(tmpdir(), 'registry-client-'));
  try {
    const folder = join(directory, registry.host);
    await mkdir(folder);
    await writeFile(join(folder, 'client.cert'), testCertificate);
    await writeFile(join(folder, 'client.key'), testKey);
    using client = impatientClient({ certificatesDirectory: directory });
    await pull(client, `${registry.host}/a/b`);
    assert.deepEqual(shown, [true, true]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('plain HTTP is not spoken to a host that is not trusted so far', async () => {
  await using registry = await startStub(serving);
  await using proxy = await startProxy({ 'registry.test:5000': registry.host });
  using client = impatientClient({ proxy: { httpsProxy: proxy.url, httpProxy: proxy.url } });
  await assert.rejects(pull(client, 'registry.test:5000/a/b'), {
    kind: 'Unavailable',
    message: /HTTP response to an HTTPS client; .*add "registry\.test:5000" to the insecure registries/,
  });
  assert.equal(registry.requests.length, 0);
});

/** An HTTP proxy that knows only the tunnels it is given. */
async function startProxy(
  tunnels: Record<string, string>,
): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.on('error', () => {});
    const [host, port] = (tunnels[request.url ?? ''] ?? '').split(':');
    if (port === undefined) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
