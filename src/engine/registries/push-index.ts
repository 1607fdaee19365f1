import { fetchRawManifest, platformOfManifest } from '#engine/registries/describe.ts';
import type { IndexEntry, RegistryOptions } from '#engine/registries.ts';
import { DhowError } from '#errors/error.ts';
import { type Descriptor, type ImageManifest, layerFormat } from '#image/manifest.ts';
import {
  canonicalRepository,
  familiarName,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';

/** See `RegistryService.pushIndex`. */
export async function pushIndex(
  registry: RegistryClient,
  name: string,
  entries: readonly IndexEntry[],
  options: RegistryOptions,
): Promise<string> {
  const target = withDefaultTag(parseReference(name));
  if (target.digest)
    throw new DhowError('InvalidParameter', 'an index is pushed under a tag, not under a digest');
  if (entries.length === 0) throw new DhowError('InvalidParameter', `the manifest list ${name} has no image`);
  const manifests: Descriptor[] = [];
  for (const entry of entries) manifests.push(await bringImage(registry, target, entry, options));
  // Docker's list may hold Docker's manifests only; OCI's may hold both.
  const isDocker = manifests.every(({ mediaType }) => mediaType.startsWith('application/vnd.docker.'));
  const mediaType = isDocker
    ? 'application/vnd.docker.distribution.manifest.list.v2+json'
    : 'application/vnd.oci.image.index.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }, undefined, 3));
  return registry.pushManifest(target, { bytes, mediaType }, options);
}

async function bringImage(
  registry: RegistryClient,
  target: Reference,
  { reference, platform }: IndexEntry,
  options: RegistryOptions,
): Promise<Descriptor> {
  const source = parseReference(reference);
  if (source.registry !== target.registry) {
    throw new DhowError(
      'InvalidParameter',
      `${familiarName(source)} is in another registry than ${familiarName(target)}: push it there first`,
    );
  }
  const { descriptor, bytes, content } = await fetchRawManifest(registry, reference, options);
  if (content.kind === 'index') {
    throw new DhowError('InvalidParameter', `${familiarName(source)} is an index itself: name its images`);
  }
  const known = await platformOfManifest(registry, reference, content, options);
  if (canonicalRepository(source) !== canonicalRepository(target)) {
    for (const blob of blobsOf(content.manifest)) await bringBlob(registry, source, target, blob, options);
    const { tag: _, ...untagged } = target;
    await registry.pushManifest(untagged, { bytes, mediaType: descriptor.mediaType }, options);
  }
  return { ...descriptor, platform: { ...known, ...platform } };
}

function blobsOf({ config, layers }: ImageManifest): Descriptor[] {
  return [config, ...layers.filter(({ mediaType }) => !layerFormat(mediaType)?.foreign)];
}

async function bringBlob(
  registry: RegistryClient,
  source: Reference,
  target: Reference,
  { digest, size, mediaType }: Descriptor,
  options: RegistryOptions,
): Promise<void> {
  if (await registry.hasBlob(target, digest, options)) return;
  await registry.pushBlob(
    target,
    {
      digest,
      sizeBytes: size,
      open: (offset) => {
        const onRestart = async (): Promise<void> => {
          throw new DhowError('Unavailable', `the download of ${digest} broke off`);
        };
        return registry.fetchBlob(source, { digest, size, mediaType }, { ...options, offset, onRestart });
      },
    },
    { ...options, mountFrom: [source.repository] },
  );
}
