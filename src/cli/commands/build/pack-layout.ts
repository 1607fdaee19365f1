import fs from 'node:fs';
import path from 'node:path';
import { tarTrailer } from '#archive/write-tar.ts';
import { packFile, packInMemory } from '#cli/commands/build/pack-context.ts';
import { DhowError } from '#errors/error.ts';

/** A manifest or index is no larger. */
const maxDocumentBytes = 4 * 1024 * 1024;

/** What is read of a descriptor; the daemon checks all that it gets. */
interface Descriptor {
  digest: string;
  annotations?: Record<string, string>;
}

/**
 * An archive of one image, or index of images, of an OCI layout (image-spec image-layout.md) in a directory.
 * @param place `directory`, `directory:tag` or `directory@digest`; without either the layout must have one image
 * @throws NotFound; InvalidParameter
 */
export function packLayout(workingDirectory: string, place: string): AsyncGenerator<Buffer> {
  const [, written = '', tag, digest] = /^(.+?)(?::(\w[\w.-]*)|@(sha256:[0-9a-f]{64}))?$/.exec(place) ?? [];
  const directory = path.resolve(workingDirectory, written);
  return pack(directory, choose(directory, { tag, digest }));
}

function choose(
  directory: string,
  { tag, digest }: { tag: string | undefined; digest: string | undefined },
): Descriptor {
  const wanted = descriptorsIn(path.join(directory, 'index.json')).filter(
    (one) =>
      (digest === undefined || one.digest === digest) &&
      (tag === undefined || one.annotations?.['org.opencontainers.image.ref.name'] === tag),
  );
  const [first] = wanted;
  if (first === undefined) {
    throw new DhowError(
      'NotFound',
      `${directory} is no OCI layout with the image ${tag ?? digest ?? ''}`.trim(),
    );
  }
  if (wanted.length === 1) return first;
  throw new DhowError(
    'InvalidParameter',
    `the OCI layout ${directory} has several images: name one by its tag or digest`,
  );
}

async function* pack(directory: string, { annotations: _, ...chosen }: Descriptor): AsyncGenerator<Buffer> {
  yield* inMemory('oci-layout', { imageLayoutVersion: '1.0.0' });
  yield* inMemory('index.json', { schemaVersion: 2, manifests: [chosen] });
  const packed = new Set<string>();
  const pending = [chosen.digest];
  for (let digest = pending.pop(); digest !== undefined; digest = pending.pop()) {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined || packed.has(hex)) continue;
    packed.add(hex);
    const file = path.join(directory, 'blobs', 'sha256', hex);
    // A layout may leave out what nobody needs, such as the layers of other platforms.
    if (!fs.existsSync(file)) continue;
    yield* packFile(file, { name: `blobs/sha256/${hex}`, mode: 0o644 });
    pending.push(...descriptorsIn(file).map((named) => named.digest));
  }
  yield tarTrailer();
}

/** What an index or a manifest names; nothing for any other file. */
function descriptorsIn(file: string): Descriptor[] {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 || size > maxDocumentBytes) return [];
  let document: unknown;
  try {
    document = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  if (typeof document !== 'object' || document === null) return [];
  const { manifests, config, layers } = document as Record<string, unknown>;
  return [manifests, [config], layers].flatMap((list) =>
    Array.isArray(list) ? list.filter(isDescriptor) : [],
  );
}

function isDescriptor(value: unknown): value is Descriptor {
  return typeof value === 'object' && value !== null && 'digest' in value && typeof value.digest === 'string';
}

function inMemory(name: string, value: unknown): Generator<Buffer> {
  return packInMemory({ name, bytes: Buffer.from(JSON.stringify(value)) });
}
