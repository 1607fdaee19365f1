import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerFormat, parseManifestOrIndex, requireContainerImage } from '#image/manifest.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';
const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';

const descriptor = (mediaType: string, more: object = {}) => ({ mediaType, digest, size: 7, ...more });
const manifest = (more: object = {}) => ({
  schemaVersion: 2,
  config: descriptor(ociConfig),
  layers: [descriptor(ociLayer)],
  ...more,
});
const index = (more: object = {}) => ({
  schemaVersion: 2,
  manifests: [descriptor(ociManifest, { platform: { os: 'linux', architecture: 'amd64' } })],
  ...more,
});
const parse = (value: unknown, contentType?: string) =>
  parseManifestOrIndex(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), contentType);

test('the kind of a document follows from mediaType, Content-Type or its fields', () => {
  const cases: [document: object, contentType: string | undefined, kind: string, mediaType: string][] = [
    [manifest({ mediaType: ociManifest }), undefined, 'manifest', ociManifest],
    [manifest({ mediaType: dockerManifest }), dockerManifest, 'manifest', dockerManifest],
    [manifest(), ociManifest, 'manifest', ociManifest],
    [manifest(), `${dockerManifest}; charset=utf-8`, 'manifest', dockerManifest],
    [manifest(), 'application/json', 'manifest', ociManifest],
    [manifest({ mediaType: ociManifest }), 'application/octet-stream', 'manifest', ociManifest],
    [index({ mediaType: ociIndex }), ociIndex, 'index', ociIndex],
    [index({ mediaType: dockerList }), undefined, 'index', dockerList],
    [index(), undefined, 'index', ociIndex],
  ];
  for (const [document, contentType, kind, mediaType] of cases) {
    const parsed = parse(document, contentType);
    assert.equal(parsed.kind, kind);
    assert.equal((parsed.kind === 'index' ? parsed.index : parsed.manifest).mediaType, mediaType);
  }
});

test('fields are kept, unknown ones are dropped', () => {
  const annotations = JSON.parse('{"a":"b","__proto__":"c"}');
  const parsed = parse(manifest({ annotations, subject: descriptor('x'), evil: true }));
  assert.equal(parsed.kind, 'manifest');
  assert.deepEqual(parsed.kind === 'manifest' && parsed.manifest, {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: descriptor(ociConfig),
    layers: [descriptor(ociLayer)],
    annotations,
  });
  const platform = {
    os: 'linux',
    architecture: 'arm',
    variant: 'v7',
    'os.version': '1',
    'os.features': ['a'],
  };
  const withPlatform = parse(index({ manifests: [descriptor(ociManifest, { platform })] }));
  assert.deepEqual(withPlatform.kind === 'index' && withPlatform.index.manifests[0]?.platform, platform);
});

test('hostile and broken documents are refused', () => {
  const cases: [value: unknown, message: RegExp, contentType?: string][] = [
    ['', /not valid JSON/],
    ['null', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['{', /not valid JSON/],
    ['['.repeat(1_000_000), /not valid JSON/],
    [' '.repeat(4 * 1024 * 1024 + 1), /too large/],
    [{}, /schemaVersion: is missing/],
    [manifest({ schemaVersion: '2' }), /schemaVersion/],
    [manifest({ schemaVersion: 3 }), /is 3 and not 2/],
    [{ schemaVersion: 2 }, /neither a manifest nor an index/],
    [manifest({ manifests: [] }), /ambiguous/],
    [index({ mediaType: ociIndex, config: descriptor(ociConfig) }), /ambiguous/],
    [manifest({ mediaType: ociManifest }), /sent it as/, dockerManifest],
    [manifest({ mediaType: ociManifest }), /sent it as/, ociIndex],
    [manifest(), /manifests: is missing/, ociIndex],
    [index(), /layers: is missing/, ociManifest],
    [manifest({ config: null }), /config: is missing/, ociManifest],
    [manifest({ config: [] }), /config: is not an object/],
    [manifest({ layers: {} }), /layers: is not an array/],
    [manifest({ layers: [null] }), /layers\[0\]: is not an object/],
    [manifest({ layers: Array(4097).fill(descriptor(ociLayer)) }), /4097 entries/],
    [manifest({ layers: [descriptor(ociLayer, { size: -1 })] }), /layers\[0\].size/],
    [manifest({ layers: [descriptor(ociLayer, { size: 1.5 })] }), /layers\[0\].size/],
    [manifest({ layers: [descriptor(ociLayer, { size: 2 ** 53 })] }), /layers\[0\].size/],
    [manifest({ layers: [descriptor(ociLayer, { size: '7' })] }), /layers\[0\].size/],
    [manifest({ layers: [descriptor(ociLayer, { digest: 'sha256:../../x' })] }), /not a sha256 digest/],
    [manifest({ layers: [descriptor(ociLayer, { digest: `sha512:${'a'.repeat(128)}` })] }), /not a sha256/],
    [manifest({ layers: [{ digest, size: 1 }] }), /mediaType: is missing/],
    [manifest({ annotations: { a: 1 } }), /annotations\["a"\]: is not a string/],
    [manifest({ annotations: { a: 'x\0y' } }), /NUL/],
    [
      index({ manifests: [descriptor(ociManifest, { platform: { os: 'linux' } })] }),
      /architecture: is missing/,
    ],
    [index({ manifests: [descriptor(ociManifest, { platform: 'linux' })] }), /platform: is not an object/],
  ];
  for (const [value, message, contentType] of cases) {
    assert.throws(() => parse(value, contentType), { kind: 'InvalidParameter', message }, String(message));
  }
  assert.throws(() => parseManifestOrIndex(Uint8Array.of(0x7b, 0xff, 0x7d), undefined), /not valid JSON/);
});

test('schema 1 and foreign document types are told apart from errors', () => {
  const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
  assert.throws(() => parse({ schemaVersion: 1, fsLayers: [] }), {
    kind: 'Unsupported',
    message: /schema 1/,
  });
  assert.throws(() => parse({ schemaVersion: 1 }, schema1), { kind: 'Unsupported', message: /schema 1/ });
  assert.throws(() => parse(manifest({ mediaType: 'application/x' })), { kind: 'Unsupported' });
});

test('layer media types say compression and origin', () => {
  const cases: [string, ReturnType<typeof layerFormat>][] = [
    [ociLayer, { compression: 'gzip', foreign: false }],
    ['application/vnd.oci.image.layer.v1.tar+zstd', { compression: 'zstd', foreign: false }],
    ['application/vnd.oci.image.layer.v1.tar', { compression: 'none', foreign: false }],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', { compression: 'gzip', foreign: false }],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', { compression: 'gzip', foreign: true }],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar', { compression: 'none', foreign: true }],
    ['application/vnd.oci.image.layer.v1.tar+encrypted', undefined],
    ['constructor', undefined],
  ];
  for (const [mediaType, format] of cases) assert.deepEqual(layerFormat(mediaType), format, mediaType);
});

test('artifacts that are no container images are refused', () => {
  const check = (value: object) => {
    const parsed = parse(value);
    if (parsed.kind === 'manifest') requireContainerImage(parsed.manifest);
  };
  check(manifest());
  const chart = descriptor('application/vnd.cncf.helm.config.v1+json');
  assert.throws(() => check(manifest({ config: chart })), { kind: 'Unsupported', message: /helm/ });
  const encrypted = descriptor('application/vnd.oci.image.layer.v1.tar+gzip+encrypted');
  assert.throws(() => check(manifest({ layers: [encrypted] })), {
    kind: 'Unsupported',
    message: /encrypted/,
  });
});
