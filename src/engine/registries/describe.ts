import type { DistributedImage, RawManifest, RegistryOptions } from '#engine/registries.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageConfig } from '#image/config.ts';
import type { ManifestOrIndex } from '#image/manifest.ts';
import { normalizePlatform, type Platform } from '#image/platform.ts';
import { parseReference, withDefaultTag } from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';

/** See `RegistryService.manifest`. */
export async function fetchRawManifest(
  registry: RegistryClient,
  name: string,
  options: RegistryOptions,
): Promise<RawManifest & { content: ManifestOrIndex }> {
  if (/^[0-9a-f]{64}$/.test(name)) {
    throw new DhowError(
      'InvalidParameter',
      `unknown image reference format: ${name}: an id names no image of a registry`,
    );
  }
  const { digest, bytes, content } = await registry.fetchManifest(
    withDefaultTag(parseReference(name)),
    options,
  );
  const { mediaType } = content.kind === 'index' ? content.index : content.manifest;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes, content };
}

/** See `RegistryService.describe`. */
export async function describeImage(
  registry: RegistryClient,
  name: string,
  options: RegistryOptions,
): Promise<DistributedImage> {
  const { descriptor, content } = await fetchRawManifest(registry, name, options);
  if (content.kind === 'index') {
    const platforms = content.index.manifests.flatMap(({ platform }) => (platform ? [platform] : []));
    return { descriptor, platforms };
  }
  return { descriptor, platforms: [await platformOfManifest(registry, name, content, options)] };
}

/** An image manifest does not say its platform; its configuration does. */
export async function platformOfManifest(
  registry: RegistryClient,
  name: string,
  { manifest }: Extract<ManifestOrIndex, { kind: 'manifest' }>,
  options: RegistryOptions,
): Promise<Platform> {
  const { config } = await registry.fetchConfig(parseReference(name), manifest.config, options);
  return platformOf(config);
}

function platformOf({ os, architecture, variant, ...config }: ImageConfig): Platform {
  const { 'os.version': version, 'os.features': features } = config;
  return normalizePlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { 'os.version': version }),
    ...(features === undefined ? {} : { 'os.features': features }),
  });
}
