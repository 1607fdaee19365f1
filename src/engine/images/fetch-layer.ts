import { mayBeResumed } from '#engine/images/may-be-resumed.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { throttleProgress } from '#engine/images/throttle-progress.ts';
import type { PullProgress } from '#engine/images.ts';
import { DhowError, kindOf, messageOf } from '#errors/error.ts';
import { type Digest, hexOf } from '#image/digest.ts';
import type { Descriptor } from '#image/manifest.ts';
import { familiarName, type Reference } from '#image/reference.ts';
import type { Credentials } from '#registry/registry.ts';
import type { Ingest } from '#store/content.ts';

export interface FetchOptions {
  credentials?: Credentials | undefined;
  onProgress: (progress: PullProgress) => void;
  signal: AbortSignal;
}

/**
 * Brings layers from a registry into the layer store: download, digest check and unpacking overlap, the layers of an image go
 * side by side. A layer that another pull is fetching is waited for and not fetched twice.
 */
export interface LayerFetcher {
  /** `diffIds[i]` is the uncompressed digest of `layers[i]`. */
  fetchAll(
    reference: Reference,
    layers: readonly Descriptor[],
    diffIds: readonly Digest[],
    options: FetchOptions,
  ): Promise<void>;
}

export function createLayerFetcher(parts: ImageParts): LayerFetcher {
  const { content, layers: layerStore, registry } = parts;

  async function fetchLayer(
    reference: Reference,
    descriptor: Descriptor,
    diffId: Digest,
    options: FetchOptions,
  ): Promise<void> {
    const { onProgress, signal } = options;
    const layer = shortId(descriptor.digest);
    // One ingest per blob: a second pull of the same layer waits here until the first is through.
    await using ingest = await content.ingest(descriptor.digest, signal);
    try {
      if (layerStore.has(diffId)) {
        onProgress({ phase: 'exists', layer });
        return;
      }
      if (!content.has(descriptor.digest)) {
        const isBuiltOn = ingest.offset > 0 || registry.isMirrored(reference);
        try {
          const isNew = ingest.offset === 0;
          if (isNew && (await unpackWhileDownloading(reference, descriptor, diffId, ingest, options))) return;
          await drain(download(reference, descriptor, ingest, options), signal);
        } catch (error) {
          // Only at its end can the digest tell that a mirror, or what lay here from earlier, was wrong.
          if (signal.aborted || !isBuiltOn || !isWrong(error)) throw error;
          if (!content.has(descriptor.digest)) {
            await ingest.restart();
            await drain(download(reference, descriptor, ingest, { ...options, fromRegistry: true }), signal);
          }
        }
      }
      await unpack(reference, descriptor, diffId, content.stream(descriptor.digest), options);
    } catch (error) {
      if (!mayBeResumed(signal.aborted ? signal.reason : error)) await ingest.discard();
      throw error;
    }
  }

  function isWrong(error: unknown): boolean {
    return ['DataLoss', 'InvalidParameter'].includes(kindOf(error));
  }

  /** @returns false when the registry made us begin anew, after which the blob must be unpacked from the store */
  async function unpackWhileDownloading(
    reference: Reference,
    descriptor: Descriptor,
    diffId: Digest,
    ingest: Ingest,
    options: FetchOptions,
  ): Promise<boolean> {
    const restarted = new AbortController();
    const signal = AbortSignal.any([options.signal, restarted.signal]);
    // One bar, two kinds of steps: the download's until it is through, then those of the unpacking that lags behind.
    let downloaded = false;
    const onProgress = (progress: PullProgress): void => {
      downloaded ||= progress.phase === 'downloaded';
      if (progress.phase !== 'unpacking' || downloaded) options.onProgress(progress);
    };
    const both = { ...options, onProgress, signal };
    const source = download(reference, descriptor, ingest, both, () => restarted.abort());
    try {
      await unpack(reference, descriptor, diffId, source, both);
      return true;
    } catch (error) {
      if (!restarted.signal.aborted || options.signal.aborted) throw error;
      await ingest.restart();
      return false;
    }
  }

  /** Yields the blob's bytes as they are written to the ingest, and commits it at the end. */
  async function* download(
    reference: Reference,
    descriptor: Descriptor,
    ingest: Ingest,
    options: FetchOptions & { fromRegistry?: boolean },
    onRestart?: () => void,
  ): AsyncGenerator<Uint8Array> {
    const { credentials, fromRegistry = false, onProgress, signal } = options;
    const layer = shortId(descriptor.digest);
    const total = descriptor.size;
    let current = ingest.offset;
    const bytes = registry.fetchBlob(reference, descriptor, {
      offset: ingest.offset,
      onRestart: async () => {
        onRestart?.();
        await ingest.restart();
        current = 0;
      },
      fromRegistry,
      credentials,
      signal,
    });
    onProgress({ phase: 'downloading', layer, current, total });
    for await (const chunk of bytes) {
      await ingest.write(chunk);
      current += chunk.length;
      onProgress({ phase: 'downloading', layer, current, total });
      yield chunk;
    }
    onProgress({ phase: 'verifying', layer });
    await ingest.commit({ digest: descriptor.digest, sizeBytes: total });
    onProgress({ phase: 'downloaded', layer });
  }

  async function unpack(
    reference: Reference,
    descriptor: Descriptor,
    diffId: Digest,
    source: AsyncIterable<Uint8Array>,
    { onProgress, signal }: FetchOptions,
  ): Promise<void> {
    const { digest, size: total } = descriptor;
    const layer = shortId(digest);
    let sourceFailure: { error: unknown } | undefined;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* source;
      } catch (error) {
        sourceFailure = { error };
        throw error;
      }
    }
    try {
      await layerStore.unpack(diffId, watched(), {
        onProgress: (current) => onProgress({ phase: 'unpacking', layer, current, total }),
        signal,
      });
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (sourceFailure !== undefined) throw (sourceFailure as { error: unknown }).error;
      // The archive's room knows neither layers nor images.
      const message = `layer ${digest} of ${familiarName(reference)} cannot be unpacked: ${messageOf(cause)}`;
      throw new DhowError(kindOf(cause), message, { cause });
    }
    onProgress({ phase: 'complete', layer });
  }

  return {
    async fetchAll(reference, layers, diffIds, callerOptions) {
      using throttled = throttleProgress(callerOptions.onProgress);
      const options = { ...callerOptions, onProgress: throttled.report };
      // The first failure stops the others, and the caller hears of that one.
      const abort = new AbortController();
      const signal = AbortSignal.any([options.signal, abort.signal]);
      const all = layers.map((descriptor, index) => ({ descriptor, diffId: diffIds[index] as Digest }));
      // The same layer may stand in an image twice (empty layers often do).
      const once = all.filter(({ diffId }, index) => diffIds.indexOf(diffId) === index);
      const queue: typeof once = [];
      for (const wanted of once) {
        const layer = shortId(wanted.descriptor.digest);
        if (layerStore.has(wanted.diffId)) options.onProgress({ phase: 'exists', layer });
        else {
          queue.push(wanted);
          options.onProgress({ phase: 'queued', layer });
        }
      }
      for (const { descriptor } of queue.slice(parts.maxConcurrentLayers)) {
        options.onProgress({ phase: 'waiting', layer: shortId(descriptor.digest) });
      }
      let failure: { error: unknown } | undefined;
      async function work(): Promise<void> {
        for (let next = queue.shift(); next && !failure; next = queue.shift()) {
          try {
            await fetchLayer(reference, next.descriptor, next.diffId, { ...options, signal });
          } catch (error) {
            failure ??= { error };
            abort.abort(error);
          }
        }
      }
      await Promise.all(Array.from({ length: parts.maxConcurrentLayers }, work));
      if (failure) throw failure.error;
    },
  };
}

async function drain(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for await (const _chunk of bytes) signal.throwIfAborted();
}

/** Docker's twelve digits, by which its clients tell the bars apart. */
function shortId(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
