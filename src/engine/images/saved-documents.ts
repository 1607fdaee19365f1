import type { ImageConfig } from '#image/config.ts';
import { type Digest, digestOf, hexOf } from '#image/digest.ts';
import { familiarName, parseReference } from '#image/reference.ts';

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
 */
export function describeSaved(images: readonly SavedImage[]): {
  documents: ArchiveFile[];
  blobs: ArchiveFile[];
} {
  const blobs = new Map<Digest, Buffer>();
  const add = (bytes: Buffer): Digest => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const index = [];
  const list = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const { id, config, image, tags, layers, manifest } of images) {
    blobs.set(id, config);
    const bytes = manifest ?? encodeManifest(id, config, layers);
    const descriptor = {
      mediaType: mediaTypeOf(bytes),
      digest: add(bytes),
      size: bytes.length,
      platform: platformOf(image),
    };
    if (tags.length === 0) index.push(descriptor);
    for (const tag of tags) {
      const reference = parseReference(tag);
      index.push({
        ...descriptor,
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

function encodeManifest(id: Digest, config: Buffer, layers: readonly SavedLayer[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: id, size: config.length },
      layers: layers.map(({ mediaType, digest, sizeBytes }) => ({ mediaType, digest, size: sizeBytes })),
    }),
  );
}

function mediaTypeOf(manifest: Buffer): string {
  const { mediaType } = JSON.parse(manifest.toString()) as { mediaType?: string };
  return mediaType ?? 'application/vnd.oci.image.manifest.v1+json';
}

function platformOf({ os, architecture, variant }: ImageConfig): object {
  return { architecture, os, ...(variant ? { variant } : {}) };
}
