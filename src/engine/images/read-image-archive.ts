import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import { readTar } from '#archive/read-tar.ts';
import { decodeDockerManifest, decodeOciIndex } from '#engine/images/archive-documents.ts';
import type { ImageParts } from '#engine/images/parts.ts';
import { DhowError } from '#errors/error.ts';
import { type Digest, parseDigest } from '#image/digest.ts';

/** What an archive holds; all digests name blobs in the content store. */
export interface ArchiveIndex {
  images: {
    config: Digest;
    /** The OCI manifest, if the archive has one. */
    manifest?: Digest;
    /** Blobs of the layers, base first, compressed or not. */
    layers: Digest[];
    /** References as the archive spells them. */
    tags: string[];
  }[];
}

/** Documents that say what is what; everything else is a blob. */
const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MOST_ENTRIES = 100_000;
const documentNames = new Set(['manifest.json', 'index.json', 'oci-layout', 'repositories']);

/**
 * Reads a tar made by `docker save` (any age) or an OCI layout. Entries come in any order, so every file goes to the content store
 * under its own digest and the documents are read at the end. The caller has the blobs collected that no image came to need.
 * @throws InvalidParameter when it is neither
 */
export async function readImageArchive(
  parts: ImageParts,
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<ArchiveIndex> {
  const blobs = new Map<string, Digest>();
  const links = new Map<string, string>();
  const documents = new Map<string, Buffer>();

  let count = 0;
  for await (const { header, body } of readTar(tar)) {
    signal.throwIfAborted();
    if (++count > MOST_ENTRIES) throw malformed(`more than ${MOST_ENTRIES} entries`);
    const name = path.posix.normalize(header.name).replace(/^(\.?\/)+/, '');
    if (header.type === 'symlink' || header.type === 'hard-link') {
      // Old `docker save` links a repeated layer to its first copy.
      const base = header.type === 'symlink' ? path.posix.dirname(name) : '';
      links.set(name, path.posix.normalize(path.posix.join(base, header.linkName)));
    } else if (header.type === 'file') {
      if (documentNames.has(name)) documents.set(name, await readDocument(name, header.sizeBytes, body));
      else blobs.set(name, await storeBlob(parts, body, signal));
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
  const images = dockerManifest
    ? decodeDockerManifest(dockerManifest, blobAt)
    : ociIndex
      ? await decodeOciIndex(ociIndex, {
          read: (digest) => parts.content.read(digest, LARGEST_DOCUMENT_BYTES),
          has: (digest) => parts.content.has(digest),
          platform: parts.hostPlatform,
        })
      : undefined;
  if (!images) throw malformed('it has neither manifest.json (docker save) nor index.json (OCI layout)');
  return { images };
}

async function readDocument(name: string, size: number, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (size > LARGEST_DOCUMENT_BYTES)
    throw malformed(`${name} is larger than ${LARGEST_DOCUMENT_BYTES} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

async function storeBlob(
  parts: ImageParts,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Digest> {
  await using ingest = await parts.content.ingest(`load ${randomUUID()}`, signal);
  try {
    const hash = createHash('sha256');
    for await (const chunk of body) {
      hash.update(chunk);
      await ingest.write(chunk);
    }
    const digest = parseDigest(`sha256:${hash.digest('hex')}`);
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
