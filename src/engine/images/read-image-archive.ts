import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { detectCompression, magicBytes, maxDecompressedBytes } from '#archive/decompress.ts';
import { readTar, startsAsTar, type TarEntry } from '#archive/read-tar.ts';
import { decodeDockerManifest, decodeOciIndex } from '#engine/images/archive-documents.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import type { PullProgress } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { type Digest, hexOf, parseDigest } from '#image/digest.ts';
import type { Platform } from '#image/platform.ts';

/** An image of an archive; all digests name blobs in the content store or, for layers, in the layer store. */
export interface ArchiveImage {
  config: Digest;
  /** The OCI manifest, if the archive has one. */
  manifest?: Digest;
  /** Base first. */
  layers: ArchiveLayer[];
  /** References as the archive spells them. */
  tags: string[];
}

export interface ArchiveLayer {
  /** Of the blob, compressed or not. */
  digest: Digest;
  /** As the OCI manifest says it. */
  mediaType?: string;
}

/** Documents that say what is what; everything else is a blob. */
const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MOST_ENTRIES = 100_000;
const documentNames = new Set(['manifest.json', 'index.json', 'oci-layout', 'repositories']);
/** Enough to recognise a tar. */
const startBytes = 512;

export interface ReadOptions {
  platform?: Platform;
  onProgress: (progress: PullProgress) => void;
  signal: AbortSignal;
}

/**
 * Reads a tar made by `docker save` (any age) or an OCI layout. Entries come in any order, so every file goes to the content store
 * under its own digest and the documents are read at the end; only a layer that is not compressed and whose name tells its digest is
 * unpacked at once. The caller has the blobs and layers collected that no image came to need.
 * @throws InvalidParameter when it is neither
 */
export async function readImageArchive(
  parts: ImageParts,
  tar: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<ArchiveImage[]> {
  const blobs = new Map<string, Digest>();
  const links = new Map<string, string>();
  const documents = new Map<string, Buffer>();

  let count = 0;
  let sizeBytes = 0;
  for await (const { header, body } of readTar(tar)) {
    options.signal.throwIfAborted();
    if (++count > MOST_ENTRIES) throw malformed(`more than ${MOST_ENTRIES} entries`);
    // A sparse file is no larger in the archive than its map.
    sizeBytes += header.sizeBytes;
    if (sizeBytes > maxDecompressedBytes)
      throw malformed(`more than ${maxDecompressedBytes} bytes of content`);
    const name = path.posix.normalize(header.name).replace(/^(\.?\/)+/, '');
    if (header.type === 'symlink' || header.type === 'hard-link') {
      // Old `docker save` links a repeated layer to its first copy.
      const base = header.type === 'symlink' ? path.posix.dirname(name) : '';
      links.set(name, path.posix.normalize(path.posix.join(base, header.linkName)));
    } else if (header.type === 'file') {
      if (documentNames.has(name)) documents.set(name, await readDocument(name, header.sizeBytes, body));
      else blobs.set(name, await takeBlob(parts, name, header.sizeBytes, body, options));
    }
  }

  function blobAt(name: string): Digest {
    const target = links.get(name) ?? name;
    const digest = blobs.get(target);
    if (!digest) throw malformed(`it refers to "${name.slice(0, 200)}", which is not in it`);
    return digest;
  }
  const dockerManifest = documents.get('manifest.json');
  const ociIndex = documents.get('index.json');
  const layout = ociIndex && {
    read: (digest: Digest) => parts.content.read(digest, LARGEST_DOCUMENT_BYTES),
    has: (digest: Digest) => parts.content.has(digest) || parts.layers.has(digest),
    platform: options.platform ?? parts.hostPlatform,
  };
  if (dockerManifest) {
    const images = decodeDockerManifest(dockerManifest, blobAt);
    // The same images once more, with their manifests; an archive need not have both right.
    const described = layout ? await decodeOciIndex(ociIndex, layout).catch(() => []) : [];
    return images.map((image) => ({ ...described.find(({ config }) => config === image.config), ...image }));
  }
  if (layout) return decodeOciIndex(ociIndex, layout);
  throw malformed('it has neither manifest.json (docker save) nor index.json (OCI layout)');
}

async function readDocument(name: string, size: number, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (size > LARGEST_DOCUMENT_BYTES)
    throw malformed(`${name} is larger than ${LARGEST_DOCUMENT_BYTES} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

async function takeBlob(
  parts: ImageParts,
  name: string,
  total: number,
  body: TarEntry['body'],
  { onProgress, signal }: ReadOptions,
): Promise<Digest> {
  const hex = /(?:^|\/)([0-9a-f]{64})(?:\.tar)?$/.exec(name)?.[1];
  const chunks = body[Symbol.asyncIterator]();
  const start = await readStart(chunks);
  const whole = rejoin(start, chunks);
  const isTar = detectCompression(start.subarray(0, magicBytes)) === 'none' && startsAsTar(start);
  if (hex === undefined || !isTar) return storeBlob(parts, whole, signal);
  const diffId = parseDigest(`sha256:${hex}`);
  // What is here already was checked when it came; the archive's copy is passed over.
  if (parts.layers.has(diffId)) return diffId;
  const layer = hexOf(diffId).slice(0, 12);
  await parts.layers.unpack(diffId, whole, {
    onProgress: (current) => onProgress({ phase: 'unpacking', layer, current, total }),
    signal,
  });
  onProgress({ phase: 'complete', layer });
  return diffId;
}

async function readStart(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const start: Uint8Array[] = [];
  for (let length = 0; length < startBytes; ) {
    const chunk = await chunks.next();
    if (chunk.done) break;
    start.push(chunk.value.slice());
    length += chunk.value.length;
  }
  return Buffer.concat(start);
}

async function* rejoin(start: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  for (let chunk = await rest.next(); !chunk.done; chunk = await rest.next()) yield chunk.value;
}

async function storeBlob(
  parts: ImageParts,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Digest> {
  await using ingest = await parts.content.ingest(`load ${randomUUID()}`, signal);
  try {
    for await (const chunk of body) await ingest.write(chunk);
    const digest = ingest.digest();
    await ingest.commit({ digest });
    return digest;
  } catch (error) {
    await ingest.discard();
    throw error;
  }
}

function malformed(why: string): DhowError {
  return new DhowError('InvalidParameter', `this is not an image archive that Dhow can load: ${why}`);
}
