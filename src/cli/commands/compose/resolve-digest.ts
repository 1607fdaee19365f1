import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { inspectDistribution } from '#client/registries.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

/**
 * The whole name of an image with the digest that its registry has for it now; one that has a digest already is not looked for.
 * @throws NotFound, Unauthorized, Unavailable as the daemon says it
 */
export async function resolveDigest(context: CliContext, image: string): Promise<string> {
  const { name, tag = 'latest', digest } = splitReference(image);
  const whole = canonicalName(name);
  if (digest !== undefined) return `${whole}@${digest}`;
  const auth = encodeAuthHeader(
    await findCredentials(context.configDirectory, registryOf(name), context.signal),
  );
  const { Descriptor: found } = await inspectDistribution(
    context.client,
    `${whole}:${tag}`,
    { auth },
    context.signal,
  );
  return `${whole}:${tag}@${found.digest}`;
}
