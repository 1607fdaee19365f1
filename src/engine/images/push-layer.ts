import { randomUUID } from 'node:crypto';
import zlib from 'node:zlib';
import { piped } from '#archive/decompress.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { PushProgress } from '#engine/images.ts';
import { messageOf } from '#errors/error.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import { canonicalRepository, familiarName, parseReference, type Reference } from '#image/reference.ts';
import type { Credentials, UploadBlob } from '#registry/registry.ts';
import type { LayerBlob } from '#store/layer-blobs.ts';

/** Where images are pushed to. */
export interface PushTarget {
  reference: Reference;
  credentials: Credentials | undefined;
  onProgress: (progress: PushProgress) => void;
  signal: AbortSignal;
}

export interface LayerPusher {
  /**
   * Brings a layer to the target in exactly this form. @returns false when its bytes cannot be had: neither here nor at the
   * target nor at a registry that had them
   */
  pushForm(form: LayerBlob): Promise<boolean>;
  /** Compresses the layer anew, which gives it another digest than it may have elsewhere, and pushes that. */
  pushCompressed(diffId: Digest): Promise<LayerBlob>;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** The bytes of a form cannot be had. */
class Unobtainable extends Error {}

const compressedType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

export function createLayerPusher(parts: ImageParts, target: PushTarget): LayerPusher {
  const { content, layers, layerBlobs, registry } = parts;
  const { reference, credentials, onProgress, signal } = target;
  const repository = canonicalRepository(reference);
  const underWay = new Set<Promise<unknown>>();

  async function pushForm(form: LayerBlob): Promise<boolean> {
    const layer = shortId(form.diffId);
    if (await registry.hasBlob(reference, form.digest, { credentials, signal })) {
      layerBlobs.remember(form, repository);
      onProgress({ phase: 'exists', layer });
      return true;
    }
    const mountFrom = layerBlobs
      .sourcesOf(form.digest)
      .map(parseReference)
      .filter(
        (source) => source.registry === reference.registry && source.repository !== reference.repository,
      )
      .map((source) => source.repository);
    try {
      const pushed = await registry.pushBlob(reference, uploadOf(form), {
        mountFrom,
        onProgress: (current) => onProgress({ phase: 'pushing', layer, current, total: form.sizeBytes }),
        credentials,
        signal,
      });
      if (pushed.kind === 'mounted') onProgress({ phase: 'mounted', layer, from: pushed.from });
      else onProgress({ phase: 'pushed', layer });
    } catch (error) {
      if (error instanceof Unobtainable) return false;
      throw error;
    }
    layerBlobs.remember(form, repository);
    return true;
  }

  /** Its bytes are looked for when they are needed: most often the target has them or can mount them. */
  function uploadOf({ digest, diffId, sizeBytes }: LayerBlob): UploadBlob {
    return {
      digest,
      sizeBytes,
      async *open(offset) {
        if (digest === diffId) {
          yield* skip(layers.export(diffId, signal), offset);
          return;
        }
        if (!content.has(digest)) await fetchAgain(digest, sizeBytes);
        yield* content.stream(digest, offset);
      },
    };
  }

  async function fetchAgain(digest: Digest, size: number): Promise<void> {
    const failures: string[] = [];
    for (const source of layerBlobs.sourcesOf(digest)) {
      const from = { ...parseReference(source), digest };
      try {
        await using ingest = await content.ingest(digest, signal);
        if (content.has(digest)) return;
        const bytes = registry.fetchBlob(
          from,
          { digest, size, mediaType: '' },
          {
            offset: ingest.offset,
            onRestart: () => ingest.restart(),
            // Who may write here need not be known there.
            credentials: from.registry === reference.registry ? credentials : undefined,
            signal,
          },
        );
        for await (const chunk of bytes) await ingest.write(chunk);
        await ingest.commit({ digest, sizeBytes: size });
        return;
      } catch (error) {
        signal.throwIfAborted();
        failures.push(`${familiarName(parseReference(source))}: ${messageOf(error)}`);
      }
    }
    throw new Unobtainable(failures.join('; '));
  }

  async function pushCompressed(diffId: Digest): Promise<LayerBlob> {
    const layer = shortId(diffId);
    onProgress({ phase: 'compressing', layer });
    await using ingest = await content.ingest(`push ${randomUUID()}`, signal);
    let sizeBytes = 0;
    try {
      const compressed = piped(layers.export(diffId, signal), zlib.createGzip({ chunkSize: 256 * 1024 }));
      for await (const chunk of compressed) {
        signal.throwIfAborted();
        sizeBytes += chunk.length;
        await ingest.write(chunk);
      }
      const digest = ingest.digest();
      await ingest.commit({ digest, sizeBytes });
      const form = { digest, diffId, mediaType: compressedType, sizeBytes };
      await pushForm(form);
      return form;
    } catch (error) {
      await ingest.discard();
      throw error;
    }
  }

  function tracked<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => {},
      () => {},
    );
    underWay.add(settled);
    void settled.then(() => underWay.delete(settled));
    return work;
  }

  return {
    pushForm: (form) => tracked(pushForm(form)),
    pushCompressed: (diffId) => tracked(pushCompressed(diffId)),
    async settled() {
      await Promise.all(underWay);
    },
  };
}

async function* skip(bytes: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
  let left = offset;
  for await (const chunk of bytes) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

function shortId(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
