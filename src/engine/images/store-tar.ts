import { randomUUID } from 'node:crypto';
import { decompress } from '#archive/decompress.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { Digest } from '#image/digest.ts';

/**
 * Puts a tar, uncompressed, into the content store: its digest is known only at the end, and unpacking a layer needs it. The
 * caller collects it afterwards.
 * @returns the diff id
 */
export async function storeUncompressed(
  parts: Pick<ImageParts, 'content'>,
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Digest> {
  await using ingest = await parts.content.ingest(`import ${randomUUID()}`, signal);
  try {
    for await (const chunk of decompress(tar)) {
      signal.throwIfAborted();
      await ingest.write(chunk);
    }
    const digest = ingest.digest();
    await ingest.commit({ digest });
    return digest;
  } catch (error) {
    await ingest.discard();
    throw error;
  }
}
