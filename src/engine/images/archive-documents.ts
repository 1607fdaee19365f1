import type { ArchiveImage } from '#engine/images/read-image-archive.ts';
import { DhowError } from '#errors/error.ts';
import type { Digest } from '#image/digest.ts';
import { parseManifestOrIndex } from '#image/manifest.ts';
import { choosePlatform, type Platform } from '#image/platform.ts';

type ArchiveImages = ArchiveImage[];

/** `manifest.json` of docker save: a list of configs, layer files and tags. `blobAt` maps a path in the archive to its digest. */
export function decodeDockerManifest(bytes: Buffer, blobAt: (path: string) => Digest): ArchiveImages {
  const parsed = parseJson('manifest.json', bytes);
  if (!Array.isArray(parsed)) throw malformed('manifest.json', 'expected a list');
  return parsed.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) throw malformed('manifest.json', 'expected objects');
    const { Config: config, Layers: layers, RepoTags: tags } = entry as Record<string, unknown>;
    if (
      typeof config !== 'string' ||
      !isStrings(layers) ||
      !(tags === null || tags === undefined || isStrings(tags))
    ) {
      throw malformed('manifest.json', 'Config, Layers or RepoTags is missing or has the wrong type');
    }
    return {
      config: blobAt(config),
      layers: layers.map((layer) => ({ digest: blobAt(layer) })),
      tags: tags ?? [],
    };
  });
}

/** Annotations by which tools name the images of an OCI layout; containerd's is a whole reference. */
const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';

export interface LayoutReader {
  read(digest: Digest): Promise<Buffer>;
  has(digest: Digest): boolean;
  platform: Platform;
}

/** `index.json` of an OCI layout (image-layout.md): each entry is an image manifest or an index to choose a platform from. */
export async function decodeOciIndex(bytes: Buffer, reader: LayoutReader): Promise<ArchiveImages> {
  const top = parseManifestOrIndex(bytes, 'application/vnd.oci.image.index.v1+json');
  if (top.kind !== 'index') throw malformed('index.json', 'expected an image index');
  const images: ArchiveImages = [];
  for (const descriptor of top.index.manifests) {
    const manifest = await chooseManifest(descriptor.digest, descriptor.mediaType, reader);
    if (!manifest) continue;
    const annotations = descriptor.annotations ?? {};
    const name = annotations[CONTAINERD_NAME] ?? annotations[REF_NAME];
    images.push({ ...manifest, tags: name !== undefined && isWholeReference(name) ? [name] : [] });
  }
  if (images.length === 0) throw malformed('index.json', 'it lists no image for this platform');
  return images;
}

async function chooseManifest(
  digest: Digest,
  mediaType: string,
  reader: LayoutReader,
): Promise<Omit<ArchiveImages[number], 'tags'> | undefined> {
  if (!reader.has(digest)) throw malformed('the OCI layout', `blob ${digest} is not in it`);
  const document = parseManifestOrIndex(await reader.read(digest), mediaType);
  if (document.kind === 'manifest') {
    const { manifest } = document;
    for (const { digest: needed } of [manifest.config, ...manifest.layers]) {
      if (!reader.has(needed)) throw malformed('the OCI layout', `blob ${needed} is not in it`);
    }
    const layers = manifest.layers.map(({ digest: layer, mediaType: type }) => ({
      digest: layer,
      mediaType: type,
    }));
    return { config: manifest.config.digest, manifest: digest, layers };
  }
  const chosen = choosePlatform(document.index.manifests, reader.platform);
  // One level only: an index in an index in an index is nothing that a tool writes.
  if (!chosen || !reader.has(chosen.digest)) return undefined;
  const inner = parseManifestOrIndex(await reader.read(chosen.digest), chosen.mediaType);
  if (inner.kind !== 'manifest') throw malformed('the OCI layout', 'an index points at another index');
  return chooseManifest(chosen.digest, chosen.mediaType, reader);
}

/** A bare tag (`latest`), as skopeo writes it, names no repository. */
function isWholeReference(name: string): boolean {
  return /[/:]/.test(name);
}

function parseJson(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new DhowError('InvalidParameter', `the archive is malformed: ${name} is not JSON`, { cause });
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function malformed(name: string, why: string): DhowError {
  return new DhowError('InvalidParameter', `the archive is malformed: ${name}: ${why}`);
}
