import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Digest, digestOf, hexOf } from '#image/digest.ts';
import { type Descriptor, layerFormat } from '#image/manifest.ts';
import { matchesPlatform, type Platform } from '#image/platform.ts';
import { parseReference } from '#image/reference.ts';
import { createRegistryClient } from '#registry/client.ts';
import type { Credentials } from '#registry/registry.ts';

/** The second opinion: the distribution project's registry, filled by skopeo. Both come with Debian. */

const run = promisify(execFile);
const signal = new AbortController().signal;
const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm: Platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
const credentials: Credentials = { kind: 'password', username: 'user', password: 'secret' };

const client = createRegistryClient({ insecureRegistries: [], mirrors: [], userAgent: 'dhow-test' });
let directory: string;
let open: { host: string; process: ChildProcess };
let guarded: { host: string; process: ChildProcess };
let image: LayoutImages;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-real-'));
  image = await writeLayout(join(directory, 'layout'));
  open = await startRegistry(join(directory, 'open'), '');
  // htpasswd of user:secret, bcrypt with the least cost.
  await writeFile(
    join(directory, 'htpasswd'),
    'user:$2y$04$HDtfadnMBN/Bh29d.GiYf.Snf2n3mJpt0NTpAFKv.WYV/wk9D7Y.q\n',
  );
  const auth = `auth: { htpasswd: { realm: r, path: ${join(directory, 'htpasswd')} } }\n`;
  guarded = await startRegistry(join(directory, 'guarded'), auth);
  const layout = `oci:${join(directory, 'layout')}`;
  await copy(['--all'], `${layout}:index`, `docker://${open.host}/test/app:index`);
  await copy([], `${layout}:plain`, `docker://${open.host}/test/app:oci`);
  await copy(['--format=v2s2'], `${layout}:gzip`, `docker://${open.host}/test/app:docker`);
  await copy(['--dest-creds=user:secret'], `${layout}:plain`, `docker://${guarded.host}/test/app:oci`);
});

after(async () => {
  client[Symbol.dispose]();
  for (const { process } of [open, guarded].filter((registry) => registry)) {
    const exited = once(process, 'exit');
    process.kill('SIGKILL');
    await exited;
  }
  await rm(directory, { recursive: true, force: true });
});

async function fetchBlob(name: string, descriptor: Descriptor, offset: number): Promise<Buffer> {
  const onRestart = () => assert.fail('restarted');
  const stream = client.fetchBlob(parseReference(name), descriptor, { offset, onRestart, signal });
  return Buffer.concat(await Array.fromAsync(stream));
}

test('an OCI and a Docker manifest resolve, and their layers arrive whole and in part', async () => {
  const types = {
    oci: 'application/vnd.oci.image.manifest.v1+json',
    docker: 'application/vnd.docker.distribution.manifest.v2+json',
  };
  for (const [tag, mediaType] of Object.entries(types)) {
    const name = `${open.host}/test/app:${tag}`;
    const found = await client.resolve(parseReference(name), { platform: amd64, signal });
    assert.equal(found.manifest.mediaType, mediaType);
    assert.equal(found.targetDigest, found.manifestDigest);
    assert.equal(found.indexBytes, undefined);
    const { config } = await client.fetchConfig(parseReference(name), found.manifest.config, { signal });
    assert.ok(matchesPlatform(config, amd64));
    assert.equal(config.rootfs.diff_ids.length, found.manifest.layers.length);
    for (const layer of found.manifest.layers) {
      const whole = await fetchBlob(name, layer, 0);
      assert.equal(digestOf(whole), layer.digest);
      const rest = await fetchBlob(name, layer, 1000);
      assert.deepEqual(rest, whole.subarray(1000));
    }
    const again = await client.resolve(parseReference(`${name}@${found.targetDigest}`), {
      platform: amd64,
      signal,
    });
    assert.deepEqual(again, found);
  }
});

test('each platform of an index resolves, with gzip and zstd layers', async () => {
  const name = `${open.host}/test/app:index`;
  for (const [platform, expected] of [
    [amd64, image.plain],
    [arm, image.arm],
  ] as const) {
    const found = await client.resolve(parseReference(name), { platform, signal });
    assert.equal(found.targetDigest, image.index);
    assert.equal(found.manifestDigest, expected);
    assert.equal(found.indexBytes && digestOf(found.indexBytes), image.index);
    assert.deepEqual(
      found.manifest.layers.map(({ mediaType }) => layerFormat(mediaType)?.compression),
      ['gzip', 'zstd'],
    );
  }
  await assert.rejects(
    client.resolve(parseReference(name), { platform: { os: 'linux', architecture: 's390x' }, signal }),
    { kind: 'NotFound', message: /linux\/amd64, linux\/arm\/v7/ },
  );
});

test('unknown names are told in the words of Docker', async () => {
  const cases: [name: string, message: RegExp][] = [
    ['test/app:nope', /^manifest for .*\/test\/app:nope not found: manifest unknown: manifest unknown$/],
    ['test/nope:x', /^(?:repository .*\/test\/nope|manifest for .*\/test\/nope:x) not found: /],
    [`test/app@sha256:${'0'.repeat(64)}`, /not found: manifest unknown/],
  ];
  for (const [name, message] of cases) {
    await assert.rejects(
      client.resolve(parseReference(`${open.host}/${name}`), { platform: amd64, signal }),
      {
        kind: 'NotFound',
        reason: 'image-not-found',
        message,
      },
    );
  }
});

test('a guarded registry wants the right password', async () => {
  const reference = parseReference(`${guarded.host}/test/app:oci`);
  const found = await client.resolve(reference, { platform: amd64, credentials, signal });
  assert.equal(found.manifestDigest, image.plain);
  await client.checkCredentials(guarded.host, credentials, signal);
  const wrong: Credentials = { ...credentials, password: 'wrong' };
  await assert.rejects(client.checkCredentials(guarded.host, wrong, signal), { kind: 'Unauthorized' });
  for (const refused of [undefined, wrong]) {
    await assert.rejects(client.resolve(reference, { platform: amd64, credentials: refused, signal }), {
      kind: 'Unauthorized',
    });
  }
});

interface LayoutImages {
  plain: Digest;
  arm: Digest;
  index: Digest;
}

/** An OCI layout with the manifests `plain` and `gzip` and an index `index` of two platforms. The layers are not worth unpacking. */
async function writeLayout(path: string): Promise<LayoutImages> {
  await mkdir(join(path, 'blobs/sha256'), { recursive: true });
  const put = async (bytes: Buffer, mediaType: string): Promise<Descriptor> => {
    const digest = digestOf(bytes);
    await writeFile(join(path, 'blobs/sha256', hexOf(digest)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const putJson = (value: object, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
  const oci = (name: string) => `application/vnd.oci.image.${name}`;
  const layer = async (compression: 'gzip' | 'zstd') => {
    const tar = Buffer.concat([randomBytes(300_000), Buffer.alloc(300_000)]);
    const bytes = compression === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar);
    return { diffId: digestOf(tar), descriptor: await put(bytes, oci(`layer.v1.tar+${compression}`)) };
  };
  const manifest = async (platform: Platform, compressions: ('gzip' | 'zstd')[]) => {
    const layers = await Promise.all(compressions.map(layer));
    const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
    const config = await putJson({ ...platform, rootfs }, oci('config.v1+json'));
    const value = {
      schemaVersion: 2,
      mediaType: oci('manifest.v1+json'),
      config,
      layers: layers.map(({ descriptor }) => descriptor),
    };
    return { ...(await putJson(value, oci('manifest.v1+json'))), platform };
  };
  const plain = await manifest(amd64, ['gzip', 'zstd']);
  const manifests = [plain, await manifest(arm, ['gzip', 'zstd'])];
  // Docker's schema 2 is older than zstd layers.
  const gzip = await manifest(amd64, ['gzip', 'gzip']);
  const index = await putJson(
    { schemaVersion: 2, mediaType: oci('index.v1+json'), manifests },
    oci('index.v1+json'),
  );
  const named = (descriptor: Descriptor, name: string) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': name },
  });
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(path, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [named(plain, 'plain'), named(gzip, 'gzip'), named(index, 'index')],
    }),
  );
  return { plain: plain.digest, arm: manifests[1]?.digest as Digest, index: index.digest };
}

async function startRegistry(root: string, auth: string): Promise<{ host: string; process: ChildProcess }> {
  const port = await freePort();
  const config = `${root}.yml`;
  await writeFile(
    config,
    `version: 0.1\nlog: { level: error, accesslog: { disabled: true } }\nstorage: { filesystem: { rootdirectory: ${root} } }\nhttp: { addr: "127.0.0.1:${port}" }\n${auth}`,
  );
  const registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  await once(registry, 'spawn');
  const host = `127.0.0.1:${port}`;
  for (;;) {
    if (registry.exitCode !== null) throw new Error(`docker-registry ended with ${registry.exitCode}`);
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer) return { host, process: registry };
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function copy(options: string[], from: string, to: string): Promise<void> {
  await run('skopeo', [
    'copy',
    '--quiet',
    '--insecure-policy',
    '--dest-tls-verify=false',
    ...options,
    from,
    to,
  ]);
}
