import { registryAccess } from '#cli/commands/manifest/access.ts';
import type { CliContext } from '#cli/context.ts';
import { distributionManifest } from '#client/registries.ts';
import type { DistributionManifest } from '#wire/registries.ts';

/** What a canonical name stands for in its registry, with what the user is logged in with there. */
export async function fetchManifest(
  context: CliContext,
  reference: string,
  options: { insecure: boolean },
): Promise<DistributionManifest> {
  const access = await registryAccess(context, reference, options);
  return distributionManifest(context.client, reference, access, context.signal);
}

export function isIndexType(mediaType: string): boolean {
  return /manifest\.list|image\.index/.test(mediaType);
}
