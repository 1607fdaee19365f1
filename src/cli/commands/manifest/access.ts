import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { flag } from '#cli/options.ts';
import type { RegistryAccess } from '#client/registries.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

export const insecureOption = flag({ help: 'Allow communication with an insecure registry' });

/** What the user is logged in with at the registry of a canonical name. */
export async function registryAccess(
  context: CliContext,
  reference: string,
  { insecure }: { insecure: boolean },
): Promise<RegistryAccess> {
  const auth = await findCredentials(context.configDirectory, registryOf(reference), context.signal);
  return { auth: encodeAuthHeader(auth), ...(insecure ? { insecure } : {}) };
}
