import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { distributionManifest } from '#client/registries.ts';
import { encodeAuthHeader } from '#wire/auth.ts';
import type { DistributionManifest } from '#wire/registries.ts';

/** What a canonical name stands for in its registry, with what the user is logged in with there. */
export async function fetchManifest(context: CliContext, reference: string): Promise<DistributionManifest> {
  const auth = await findCredentials(context.configDirectory, registryOf(reference), context.signal);
  return distributionManifest(context.client, reference, encodeAuthHeader(auth), context.signal);
}

export function isIndexType(mediaType: string): boolean {
  return /manifest\.list|image\.index/.test(mediaType);
}
