import { fetchBlobAgain } from '#engine/store-check/fetch-again.ts';
import { giveUpImages } from '#engine/store-check/give-up.ts';
import type { CheckParts } from '#engine/store-check/parts.ts';
import type { StoreCheckProgress, StoreProblem } from '#engine/store-check.ts';
import type { Digest } from '#image/digest.ts';

export interface CheckOptions {
  repair: boolean;
  onProgress: (progress: StoreCheckProgress) => void;
  signal: AbortSignal;
}

/** Blobs that are not what their names say, or not there although an image needs them. */
export async function checkBlobs(
  parts: CheckParts,
  { repair, onProgress, signal }: CheckOptions,
  found: (problem: StoreProblem) => void,
): Promise<void> {
  const { content, references } = parts;
  const needed = references.neededContent();
  const all = [...new Set([...content.list(), ...needed])];
  for (const [done, digest] of all.entries()) {
    onProgress({ subject: digest, done, total: all.length });
    const isThere = content.has(digest);
    if (isThere && (await content.verify(digest, signal))) continue;
    const detail = isThere ? 'its bytes do not have its digest' : 'it is missing';
    const problem = { kind: 'blob', subject: digest, detail } as const;
    if (repair) found({ ...problem, ...(await mend(parts, digest, signal)) });
    else found({ ...problem, outcome: 'found', remedy: 'run with --repair' });
  }
}

async function mend(
  parts: CheckParts,
  digest: Digest,
  signal: AbortSignal,
): Promise<Pick<StoreProblem, 'outcome' | 'remedy'>> {
  const { content, images, references } = parts;
  await content.remove(digest);
  const users = references.imagesWithContent(digest);
  if (users.length === 0) return { outcome: 'mended', remedy: 'removed, as no image needs it' };
  const from = await fetchBlobAgain(parts, digest, users, signal);
  if (from !== undefined) return { outcome: 'mended', remedy: `fetched again from ${from}` };
  if (!users.includes(digest)) {
    references.forgetContent(digest);
    return {
      outcome: 'mended',
      remedy: 'forgotten: the images work without it, a push makes another manifest',
    };
  }
  // The configuration, whose digest is the image's id.
  const image = images.find(digest);
  return giveUpImages(parts, image ? [image.id] : []);
}
