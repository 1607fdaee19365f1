import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { showProgress } from '#cli/output/progress.ts';
import { pushImage } from '#client/images.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

/** Pushes an image by one of its names. @returns the digest that it has in the registry, where the daemon tells it */
export async function push(context: CliContext, reference: string): Promise<string | undefined> {
  const { name, tag } = splitReference(reference);
  const auth = await findCredentials(context.configDirectory, registryOf(name), context.signal);
  const messages = await pushImage(
    context.client,
    canonicalName(name),
    { tag: tag ?? 'latest', auth: encodeAuthHeader(auth) },
    context.signal,
  );
  let digest: string | undefined;
  await showProgress(messages, context.stderr, (aux) => {
    if (typeof aux === 'object' && aux !== null && 'Digest' in aux) digest = String(aux.Digest);
  });
  return digest;
}
