import { encodeIndex } from '#engine/images/encode-index.ts';
import type { ImageConfig } from '#image/config.ts';
import { type Digest, digestOf, hexOf } from '#image/digest.ts';
import type { Descriptor } from '#image/manifest.ts';
import { platformOfConfig } from '#image/platform.ts';
import { familiarName, parseReference } from '#image/reference.ts';
import type { ImageIndex } from '#store/image-indexes.ts';

/** An image as `save` writes it. */
export interface SavedImage {
  id: Digest;
  /** The bytes that the id names. */
  config: Buffer;
  image: ImageConfig;
  /** Canonical, with tags. */
  tags: readonly string[];
  /** Base first. */
  layers: readonly SavedLayer[];
  /** The manifest as it was received; undefined: one is made. */
  manifest: Buffer | undefined;
  /** Of the manifest that is made. */
  annotations: Readonly<Record<string, string>>;
}

export interface SavedLayer {
  diffId: Digest;
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
}

export interface ArchiveFile {
  name: string;
  bytes: Buffer;
}

/**
 * The documents of an archive that is an OCI layout (image-spec image-layout.md) and what `docker load` of any age reads
 * (moby's image spec v1.2: `manifest.json`, `repositories`), and the small blobs.
 * @param indexOf what a tag stands for besides its image; those images are among the saved ones, or it does not count
 */
export function describeSaved(
  images: readonly SavedImage[],
  indexOf: (tag: string) => ImageIndex | undefined,
): {
  documents: ArchiveFile[];
  blobs: ArchiveFile[];
} {
  const blobs = new Map<Digest, Buffer>();
  const add = (bytes: Buffer): Digest => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const descriptors = new Map<Digest, Descriptor>();
  for (const saved of images) {
    blobs.set(saved.id, saved.config);
    const bytes = saved.manifest ?? encodeManifest(saved);
    descriptors.set(saved.id, {
      mediaType: mediaTypeOf(bytes),
      digest: add(bytes),
      size: bytes.length,
      platform: platformOfConfig(saved.image),
    });
  }
  /** What a tag stands for in the archive. */
  const target = (tag: string, own: Descriptor): Descriptor => {
    const { images: ids = [], annotations = {} } = indexOf(tag) ?? {};
    const entries = ids.map((id) => descriptors.get(id)).filter((entry) => entry !== undefined);
    if (ids.length < 2 || entries.length < ids.length) return own;
    const { bytes, mediaType } = encodeIndex(entries, annotations);
    for (const id of ids) inIndexes.add(id);
    return { mediaType, digest: add(bytes), size: bytes.length };
  };
  const index: Descriptor[] = [];
  const inIndexes = new Set<Digest>();
  const list = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const { id, tags, layers } of images) {
    const descriptor = descriptors.get(id) as Descriptor;
    for (const tag of tags) {
      const reference = parseReference(tag);
      index.push({
        ...target(tag, descriptor),
        annotations: {
          'io.containerd.image.name': tag,
          'org.opencontainers.image.ref.name': reference.tag ?? '',
        },
      });
      const { tag: version = 'latest', ...repository } = reference;
      const name = familiarName(repository);
      const last = layers.at(-1);
      repositories[name] = { ...repositories[name], [version]: hexOf(last?.diffId ?? id) };
    }
    list.push({
      Config: `blobs/sha256/${hexOf(id)}`,
      RepoTags: tags.length === 0 ? null : tags.map((tag) => familiarName(parseReference(tag))),
      Layers: layers.map(({ digest }) => `blobs/sha256/${hexOf(digest)}`),
      LayerSources: Object.fromEntries(
        layers.map(({ diffId, digest, mediaType, sizeBytes }) => [
          diffId,
          { mediaType, size: sizeBytes, digest },
        ]),
      ),
    });
  }
  for (const { id, tags } of images) {
    if (tags.length === 0 && !inIndexes.has(id)) index.push(descriptors.get(id) as Descriptor);
  }
  const documents = {
    'oci-layout': { imageLayoutVersion: '1.0.0' },
    'index.json': {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: index,
    },
    'manifest.json': list,
    ...(Object.keys(repositories).length > 0 ? { repositories } : {}),
  };
  return {
    documents: Object.entries(documents).map(([name, value]) => ({
      name,
      bytes: Buffer.from(JSON.stringify(value)),
    })),
    blobs: [...blobs].map(([digest, bytes]) => ({ name: `blobs/sha256/${hexOf(digest)}`, bytes })),
  };
}

function encodeManifest({ id, config, layers, annotations }: SavedImage): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: id, size: config.length },
      layers: layers.map(({ mediaType, digest, sizeBytes }) => ({ mediaType, digest, size: sizeBytes })),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    }),
  );
}

function mediaTypeOf(manifest: Buffer): string {
  const { mediaType } = JSON.parse(manifest.toString()) as { mediaType?: string };
  return mediaType ?? 'application/vnd.oci.image.manifest.v1+json';
}
