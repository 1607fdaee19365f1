import type { CheckParts } from '#engine/store-check/parts.ts';
import { type Digest, digestOf } from '#image/digest.ts';
import { familiarRepository, parseReference, type Reference } from '#image/reference.ts';

/** A blob's size is not remembered everywhere; no configuration or manifest is larger. */
const maxDocumentBytes = 8 * 1024 * 1024;

/**
 * Fetches a configuration or manifest from the registries that its images came from.
 * @returns the repository that had it
 */
export async function fetchBlobAgain(
  { images, content, registry }: CheckParts,
  digest: Digest,
  users: readonly Digest[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const repositories = new Map<string, Reference>();
  for (const id of users) {
    for (const repoDigest of images.find(id)?.repoDigests ?? []) {
      const reference = parseReference(repoDigest);
      repositories.set(familiarRepository(reference), reference);
    }
  }
  for (const [name, reference] of repositories) {
    try {
      const bytes = await findBytes({ registry }, { ...reference, digest }, reference, signal);
      if (bytes === undefined || digestOf(bytes) !== digest) continue;
      await content.put(bytes);
      return name;
    } catch {
      // Another repository may have it; without one it stays lost, which is told.
      signal.throwIfAborted();
    }
  }
  return undefined;
}

async function findBytes(
  { registry }: Pick<CheckParts, 'registry'>,
  wanted: Reference & { digest: Digest },
  pulled: Reference,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const manifest = await registry.fetchManifest(wanted, { signal }).catch(() => undefined);
  if (manifest) return manifest.bytes;
  signal.throwIfAborted();
  // No manifest: a configuration, whose size the manifest says.
  for (const config of await configsOf({ registry }, pulled, signal)) {
    if (config.digest !== wanted.digest || config.size > maxDocumentBytes) continue;
    return (await registry.fetchConfig(wanted, config, { signal })).bytes;
  }
  return undefined;
}

async function configsOf(
  { registry }: Pick<CheckParts, 'registry'>,
  reference: Reference,
  signal: AbortSignal,
) {
  const top = await registry.fetchManifest(reference, { signal });
  if (top.content.kind === 'manifest') return [top.content.manifest.config];
  const configs = [];
  for (const { digest } of top.content.index.manifests) {
    const child = await registry.fetchManifest({ ...reference, digest }, { signal });
    if (child.content.kind === 'manifest') configs.push(child.content.manifest.config);
  }
  return configs;
}
