import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCacheOptions } from '#buildkit/cache-options.ts';
import { decodeExporters } from '#buildkit/exporter-options.ts';
import { decodeFrontendOptions } from '#buildkit/frontend-options.ts';
import { solveRequest } from '#buildkit/messages/control.ts';
import { canonicalTag, withDefaultTag } from '#image/reference.ts';

const decode = (options: Record<string, string>) => decodeFrontendOptions(new Map(Object.entries(options)));
const map = (entries: Record<string, string>) => new Map(Object.entries(entries));

test('options of the frontend become settings of the builder', () => {
  const { settings, ...rest } = decode({
    filename: 'Other',
    target: 'stage',
    'build-arg:A': '1',
    'build-arg:SOURCE_DATE_EPOCH': '5',
    'label:l': 'v',
    platform: 'linux/amd64,linux/arm64',
    'no-cache': '',
    'image-resolve-mode': 'pull',
    'force-network-mode': 'host',
    'shm-size': '1024',
    ulimit: 'nofile=1:2,core=0',
    'add-hosts': 'a=1.2.3.4,b=::1',
    'cgroup-parent': '/c',
    'frontend.caps': 'any',
    'vcs:source': 'any',
  });
  assert.deepEqual(settings, {
    target: 'stage',
    buildArgs: map({ A: '1', SOURCE_DATE_EPOCH: '5' }),
    platforms: [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ],
    labels: { l: 'v' },
    noCache: 'all',
    pull: true,
    network: 'host',
    limits: {
      shmSizeBytes: 1024,
      cgroupParent: '/c',
      rlimits: [
        { name: 'nofile', soft: 1, hard: 2 },
        { name: 'core', soft: 0, hard: 0 },
      ],
      extraHosts: ['a:1.2.3.4', 'b:::1'],
    },
    sourceDateEpoch: 5,
  });
  assert.deepEqual(rest, {
    context: { kind: 'local', directory: 'context' },
    dockerfileDirectory: 'dockerfile',
    dockerfile: 'Other',
    localContexts: new Map(),
    contexts: new Map(),
    sessions: new Map(),
    call: undefined,
  });
});

test('contexts come from the client, from its standard input or from afar', () => {
  assert.deepEqual(decode({ context: 'http://buildkit-session/abc123' }).context, {
    kind: 'upload',
    path: '/abc123',
  });
  assert.deepEqual(decode({ context: 'https://host/archive.tar' }).context, {
    kind: 'remote',
    remote: { url: new URL('https://host/archive.tar') },
  });
  const git = decode({ context: 'https://host/repository.git#branch:directory' });
  assert.equal(git.context.kind === 'remote' && 'git' in git.context.remote, true);
  assert.equal(git.dockerfileDirectory, undefined);
  assert.equal(
    decode({ context: 'https://host/x.git', dockerfilekey: 'dockerfile' }).dockerfileDirectory,
    'dockerfile',
  );

  const { localContexts, contexts } = decode({
    'context:Own': 'local:own-1',
    'context:image': 'docker-image://busybox',
  });
  assert.deepEqual([...localContexts], [['own', 'own-1']]);
  assert.deepEqual(
    [...contexts],
    [
      ['own', { kind: 'directory' }],
      ['image', { kind: 'image', reference: 'busybox' }],
    ],
  );
});

test('what is not known or malformed is refused by name', () => {
  const unsupported = { kind: 'Unsupported' };
  assert.throws(() => decode({ 'other-option': '1' }), { ...unsupported, message: /"other-option"/ });
  assert.throws(() => decode({ 'attest:sbom': '' }), { ...unsupported, message: /"attest:sbom"/ });
  assert.throws(() => decode({ contextsubdir: 'x' }), unsupported);
  assert.throws(() => decode({ 'context:a': 'input:a' }), unsupported);
  const invalid = { kind: 'InvalidParameter' };
  assert.throws(() => decode({ 'context:../a': 'local:a' }), invalid);
  assert.throws(() => decode({ 'build-arg:SOURCE_DATE_EPOCH': 'now' }), invalid);
  assert.throws(() => decode({ ulimit: 'nofile' }), invalid);
  assert.throws(() => decode({ 'shm-size': '-1' }), invalid);
  assert.throws(() => decode({ 'force-network-mode': 'other' }), invalid);
});

test('exporters give the image its names and annotations', () => {
  const exporter = (type: string, attributes: Record<string, string>) =>
    solveRequest.create({ exporters: [{ type, attributes: map(attributes) }] });
  const { tags, annotations } = decodeExporters(
    exporter('moby', {
      name: 'one,registry.example/two:v2',
      'annotation.a': '1',
      'annotation-index.b.c': '2',
      'annotation-manifest[linux/arm64].d': '3',
    }),
  );
  assert.deepEqual(
    tags.map((tag) => canonicalTag(withDefaultTag(tag))),
    ['docker.io/library/one:latest', 'registry.example/two:v2'],
  );
  assert.deepEqual(annotations, [
    { level: 'manifest', name: 'a', value: '1' },
    { level: 'index', name: 'b.c', value: '2' },
    { level: 'manifest', name: 'd', value: '3', platform: { os: 'linux', architecture: 'arm64' } },
  ]);
  const refused = { kind: 'Unsupported' };
  assert.throws(() => decodeExporters(exporter('other', {})), refused);
  assert.throws(() => decodeExporters(exporter('toString', {})), refused);
  assert.throws(() => decodeExporters(exporter('moby', { compression: 'zstd' })), refused);
  assert.throws(() => decodeExporters(exporter('moby', { 'annotation-index-descriptor.a': '1' })), refused);
});

test('caches are images', () => {
  const option = (type: string, attributes: Record<string, string>) => ({
    type,
    attributes: map(attributes),
  });
  const request = (cache: { exports?: ReturnType<typeof option>[]; imports?: ReturnType<typeof option>[] }) =>
    solveRequest.create({ cache: { exports: [], imports: [], ...cache } });
  const { settings, imageReferences, cacheReferences } = decodeCacheOptions(
    request({
      imports: [option('registry', { ref: 'from' })],
      exports: [option('registry', { ref: 'r/min' }), option('registry', { ref: 'r/max', mode: 'max' })],
    }),
  );
  assert.deepEqual(settings.cacheFrom, ['from']);
  assert.equal(settings.inlineCache, true);
  assert.deepEqual(imageReferences, ['r/min']);
  assert.deepEqual(cacheReferences, ['r/max']);
  assert.equal(decodeCacheOptions(request({ exports: [option('inline', {})] })).settings.inlineCache, true);
  assert.equal(decodeCacheOptions(request({})).settings.inlineCache, false);
  assert.throws(() => decodeCacheOptions(request({ exports: [option('gha', {})] })), { kind: 'Unsupported' });
  assert.throws(() => decodeCacheOptions(request({ imports: [option('registry', {})] })), {
    kind: 'InvalidParameter',
  });
});
