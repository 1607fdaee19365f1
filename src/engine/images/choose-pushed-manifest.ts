import { isDeepStrictEqual } from 'node:util';
import { forEachAtOnce } from '#engine/images/for-each-at-once.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { LayerPusher } from '#engine/images/push-layer.ts';
import type { PushProgress } from '#engine/images.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import { type ImageManifest, layerFormat, maxManifestBytes, parseManifestOrIndex } from '#image/manifest.ts';
import type { ImageRecord } from '#store/images.ts';
import type { LayerBlob } from '#store/layer-blobs.ts';

export interface PushedManifest {
  bytes: Buffer;
  mediaType: string;
  /** The blobs that it names as layers. */
  layers: Digest[];
}

/**
 * Brings an image's layers to a registry and finds the manifest that names them there. A manifest that the image came with
 * goes out unchanged, so that its digest stays, when each layer can be had in the very form that it names; else one is made of
 * forms that can be had, and what is in no such form is compressed anew.
 */
export async function chooseManifest(
  parts: ImageParts,
  image: ImageRecord,
  pusher: LayerPusher,
  onProgress: (progress: PushProgress) => void,
): Promise<PushedManifest> {
  const diffIds = image.config.rootfs.diff_ids;
  for (const diffId of new Set(diffIds.toReversed())) {
    onProgress({ phase: 'preparing', layer: hexOf(diffId).slice(0, 12) });
  }
  const there = new Map<Digest, LayerBlob>();
  const unobtainable = new Set<Digest>();

  async function bring(forms: readonly LayerBlob[]): Promise<void> {
    await forEachAtOnce(parts.maxConcurrentUploads, forms, async (form) => {
      if (await pusher.pushForm(form)) there.set(form.digest, form);
      else unobtainable.add(form.digest);
    });
  }

  const annotations = parts.images.annotationsOf(image.id);
  for await (const { manifest, bytes } of storedManifests(parts, image)) {
    if (!hasAnnotations(manifest, annotations)) continue;
    const forms = formsOf(manifest, diffIds);
    if (forms.some((form) => unobtainable.has(form.digest))) continue;
    await bring(forms.filter((form) => !there.has(form.digest)));
    if (forms.every((form) => there.has(form.digest))) {
      return { bytes, mediaType: manifest.mediaType, layers: forms.map(({ digest }) => digest) };
    }
  }

  const chosen = new Map<Digest, LayerBlob>();
  await forEachAtOnce(parts.maxConcurrentUploads, [...new Set(diffIds)], async (diffId) => {
    for (const form of parts.layerBlobs.formsOf(diffId)) {
      if (unobtainable.has(form.digest)) continue;
      if (there.has(form.digest) || (await pusher.pushForm(form))) {
        chosen.set(diffId, form);
        return;
      }
    }
    chosen.set(diffId, await pusher.pushCompressed(diffId));
  });
  return makeManifest(
    { digest: image.id, size: parts.content.sizeOf(image.id) },
    diffIds.map((diffId) => chosen.get(diffId) as LayerBlob),
    annotations ?? {},
  );
}

/** Whether a manifest says what those of the image have to say. */
export function hasAnnotations(
  { annotations: own = {} }: ImageManifest,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return wanted === undefined || isDeepStrictEqual({ ...own }, { ...wanted });
}

/** The manifests of an image that are here, the newest first. */
export async function* storedManifests(
  parts: ImageParts,
  image: ImageRecord,
): AsyncGenerator<{ manifest: ImageManifest; bytes: Buffer }> {
  for (const digest of parts.images.manifestsOf(image.id)) {
    if (!parts.content.has(digest)) continue;
    const bytes = await parts.content.read(digest, maxManifestBytes);
    const document = parseManifestOrIndex(bytes, undefined);
    if (document.kind === 'manifest') yield { manifest: document.manifest, bytes };
  }
}

/** Foreign layers stay with their vendor: registries accept manifests that name them. */
function formsOf({ layers }: ImageManifest, diffIds: readonly Digest[]): LayerBlob[] {
  const forms = layers.map(({ digest, mediaType, size }, index) => ({
    digest,
    diffId: diffIds[index] as Digest,
    mediaType,
    sizeBytes: size,
  }));
  const own = forms.filter(({ mediaType }) => !layerFormat(mediaType)?.foreign);
  return [...new Map(own.map((form) => [form.digest, form])).values()];
}

/**
 * Docker's schema 2, which every registry and client knows, unless a layer is compressed in a way that it has no name for or there are
 * annotations, which it has no place for.
 */
function makeManifest(
  config: { digest: Digest; size: number },
  layers: readonly LayerBlob[],
  annotations: Readonly<Record<string, string>>,
): PushedManifest {
  const annotated = Object.keys(annotations).length > 0;
  const formats = layers.map(({ mediaType }) => layerFormat(mediaType)?.compression ?? 'gzip');
  const isDocker = !annotated && formats.every((format) => format === 'gzip');
  const [mediaType, configType, layerType, separator] = isDocker
    ? ([
        'application/vnd.docker.distribution.manifest.v2+json',
        'application/vnd.docker.container.image.v1+json',
        'application/vnd.docker.image.rootfs.diff.tar',
        '.',
      ] as const)
    : ([
        'application/vnd.oci.image.manifest.v1+json',
        'application/vnd.oci.image.config.v1+json',
        'application/vnd.oci.image.layer.v1.tar',
        '+',
      ] as const);
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: configType, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, sizeBytes }, index) => ({
      mediaType: formats[index] === 'none' ? layerType : `${layerType}${separator}${formats[index]}`,
      digest,
      size: sizeBytes,
    })),
    ...(annotated ? { annotations } : {}),
  };
  return {
    bytes: Buffer.from(JSON.stringify(manifest)),
    mediaType,
    layers: layers.map(({ digest }) => digest),
  };
}
