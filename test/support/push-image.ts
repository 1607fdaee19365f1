import { createHash } from 'node:crypto';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { baseRootfs } from './base-image.ts';
import { outputOf } from './command.ts';
import type { Registry } from './registry.ts';

/** An image written by hand, so that a test decides about each byte of it. */
export interface ImageRecipe {
  format: 'oci' | 'docker';
  compression: 'gzip' | 'zstd' | 'none';
  architecture?: string;
  variant?: string;
  /** Files of a second layer above the base: path → text. */
  files?: Readonly<Record<string, string>>;
  /** Tars of more layers, above all else. */
  layers?: readonly Buffer[];
  config?: Readonly<Record<string, unknown>>;
}

export interface PushedImage {
  digest: string;
  mediaType: string;
  sizeBytes: number;
  configDigest: string;
  /** Of the blobs, base first. */
  layerDigests: string[];
  /** Of the uncompressed tars, base first. */
  diffIds: string[];
  platform: { os: string; architecture: string; variant?: string };
}

const mediaTypes = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar',
  },
};
const suffixes = {
  oci: { gzip: '+gzip', zstd: '+zstd', none: '' },
  docker: { gzip: '.gzip', zstd: '.zstd', none: '' },
};

/** Pushes blobs and the manifest, the latter under `tag` when one is given and by its digest otherwise. */
export async function pushImage(
  registry: Registry,
  repository: string,
  recipe: ImageRecipe,
  tag?: string,
): Promise<PushedImage> {
  const tars: Buffer[] = [fs.readFileSync(await baseRootfs())];
  if (recipe.files) tars.push(await tarOf(recipe.files));
  tars.push(...(recipe.layers ?? []));
  const layers = tars.map((tar) => ({ diffId: digestOf(tar), blob: compress(tar, recipe.compression) }));
  const platform = {
    os: 'linux',
    architecture: recipe.architecture ?? hostArchitecture,
    ...(recipe.variant ? { variant: recipe.variant } : {}),
  };
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      created: '2026-01-01T00:00:00Z',
      config: { Cmd: ['sh'], Env: ['PATH=/bin'], ...recipe.config },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index}` })),
    }),
  );
  for (const blob of [config, ...layers.map((layer) => layer.blob)])
    await pushBlob(registry, repository, blob);
  const types = mediaTypes[recipe.format];
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(types.config, config),
      layers: layers.map(({ blob }) =>
        descriptor(types.layer + suffixes[recipe.format][recipe.compression], blob),
      ),
    }),
  );
  await pushManifest(registry, repository, tag ?? digestOf(manifest), types.manifest, manifest);
  return {
    digest: digestOf(manifest),
    mediaType: types.manifest,
    sizeBytes: manifest.length,
    configDigest: digestOf(config),
    layerDigests: layers.map(({ blob }) => digestOf(blob)),
    diffIds: layers.map(({ diffId }) => diffId),
    platform,
  };
}

/** Pushes an index (or manifest list) over images that are there, and returns its digest. */
export async function pushIndex(
  registry: Registry,
  repository: string,
  tag: string,
  format: 'oci' | 'docker',
  images: readonly PushedImage[],
): Promise<string> {
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes[format].index,
      manifests: images.map(({ mediaType, digest, sizeBytes, platform }) => ({
        mediaType,
        digest,
        size: sizeBytes,
        platform,
      })),
    }),
  );
  await pushManifest(registry, repository, tag, mediaTypes[format].index, index);
  return digestOf(index);
}

export const hostArchitecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;

function descriptor(mediaType: string, bytes: Buffer): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function compress(tar: Buffer, compression: ImageRecipe['compression']): Buffer {
  if (compression === 'gzip') return zlib.gzipSync(tar);
  return compression === 'zstd' ? zlib.zstdCompressSync(tar) : tar;
}

/** A tar of just these files, path → text, owned by root. */
export async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const root = fs.mkdtempSync(`/tmp/dhow-test-${process.pid}-`);
  try {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(`${root}/tree/${name.split('/').slice(0, -1).join('/')}`, { recursive: true });
      fs.writeFileSync(`${root}/tree/${name}`, text);
    }
    const options = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
    // Only the files: directories of the layer below keep their owners and modes.
    await outputOf('tar', [
      '-C',
      `${root}/tree`,
      ...options,
      '-cf',
      `${root}/layer.tar`,
      ...Object.keys(files),
    ]);
    return fs.readFileSync(`${root}/layer.tar`);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

async function pushBlob(registry: Registry, repository: string, blob: Buffer): Promise<void> {
  const base = `http://${registry.address}`;
  const digest = digestOf(blob);
  const known = await fetch(`${base}/v2/${repository}/blobs/${digest}`, { method: 'HEAD' });
  if (known.ok) return;
  const begun = await fetch(`${base}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await expectStatus(await fetch(location, { method: 'PUT', headers, body: new Uint8Array(blob) }), 201);
}

async function pushManifest(
  registry: Registry,
  repository: string,
  reference: string,
  mediaType: string,
  manifest: Buffer,
): Promise<void> {
  const response = await fetch(`http://${registry.address}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: new Uint8Array(manifest),
  });
  await expectStatus(response, 201);
}

async function expectStatus(response: Response, status: number): Promise<void> {
  if (response.status !== status) {
    throw new Error(`the registry answered ${response.status} to ${response.url}: ${await response.text()}`);
  }
}
