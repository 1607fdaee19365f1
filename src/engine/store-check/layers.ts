import type { CheckOptions } from '#engine/store-check/blobs.ts';
import { giveUpImages } from '#engine/store-check/give-up.ts';
import type { CheckParts } from '#engine/store-check/parts.ts';
import type { StoreProblem } from '#engine/store-check.ts';
import type { Digest } from '#image/digest.ts';
import { familiarRepository, parseReference } from '#image/reference.ts';

/** Layers whose files are not what they were, and layers that images need and that are not there. */
export async function checkLayers(
  parts: CheckParts,
  { repair, onProgress, signal }: CheckOptions,
  found: (problem: StoreProblem) => void,
): Promise<void> {
  const { layers, references } = parts;
  const all = layers.list();
  for (const [done, diffId] of all.entries()) {
    onProgress({ subject: diffId, done, total: all.length });
    const runner = runningUser(parts, diffId);
    const damage = await layers.verify(diffId, { mend: repair && runner === undefined, signal });
    if (damage === undefined) continue;
    const problem = { kind: 'layer', subject: diffId, detail: damage.detail } as const;
    if (!repair) found({ ...problem, outcome: 'found', remedy: 'run with --repair' });
    else if (runner !== undefined) {
      const remedy = `container ${runner.slice(0, 12)} has it mounted: stop it and repair again`;
      found({ ...problem, outcome: 'not-mended', remedy });
    } else if (damage.isMetadataOnly) {
      found({ ...problem, outcome: 'mended', remedy: 'unpacked anew from itself' });
    } else found({ ...problem, ...(await mendLayer(parts, diffId, signal)) });
  }
  for (const diffId of references.missingLayers()) {
    const problem = { kind: 'image', subject: diffId, detail: 'the layer is missing' } as const;
    if (!repair) found({ ...problem, outcome: 'found', remedy: 'run with --repair' });
    else found({ ...problem, ...giveUpImages(parts, references.imagesWithLayer(diffId)) });
  }
}

/** A running container that may have the layer mounted. */
function runningUser({ references, usersOfImage }: CheckParts, diffId: Digest): string | undefined {
  const users = references.imagesWithLayer(diffId).flatMap((image) => usersOfImage(image));
  const running = users.find((user) => user.running);
  if (running) return running.id;
  // A container whose image is gone: whether it runs is not known here.
  const known = new Set(users.map((user) => user.id));
  return references.usersOfLayer(diffId).find((id) => !known.has(id));
}

async function mendLayer(
  parts: CheckParts,
  diffId: Digest,
  signal: AbortSignal,
): Promise<Pick<StoreProblem, 'outcome' | 'remedy'>> {
  const { layers, references } = parts;
  for await (const { from, bytes } of sourcesOf(parts, diffId, signal)) {
    try {
      await layers.replace(diffId, bytes, signal);
      return { outcome: 'mended', remedy: `unpacked anew from ${from}` };
    } catch {
      // Another source may be better; without one it is given up, which is told.
      signal.throwIfAborted();
    }
  }
  const given = giveUpImages(parts, references.imagesWithLayer(diffId));
  const isKept = given.outcome === 'not-mended' || references.usersOfLayer(diffId).length > 0;
  if (!isKept) await layers.remove(diffId);
  return given;
}

async function* sourcesOf(
  { content, layerBlobs, registry }: CheckParts,
  diffId: Digest,
  signal: AbortSignal,
): AsyncGenerator<{ from: string; bytes: AsyncIterable<Uint8Array> }> {
  for (const { digest, sizeBytes: size, mediaType } of layerBlobs.formsOf(diffId)) {
    if (content.has(digest)) yield { from: 'the blob that was kept', bytes: content.stream(digest) };
    for (const source of layerBlobs.sourcesOf(digest)) {
      const reference = { ...parseReference(source), digest };
      const onRestart = async (): Promise<void> => {
        throw new Error('the download broke off');
      };
      const bytes = registry.fetchBlob(
        reference,
        { digest, size, mediaType },
        { offset: 0, onRestart, signal },
      );
      yield { from: familiarRepository(reference), bytes };
    }
  }
}
