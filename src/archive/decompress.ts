import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { DhowError } from '#errors/error.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

export interface DecompressOptions {
  /** Most bytes that may come out; the default is `maxDecompressedBytes`. */
  maxBytes?: number;
}

/**
 * 256 GiB. A ratio would be no help: a sparse file in an honest layer compresses a thousandfold. The bound keeps a
 * bomb of a few hundred megabytes from filling any disk, and lets every real image through.
 */
export const maxDecompressedBytes = 256 * 2 ** 30;

/** Enough to tell the formats apart; a shorter input is judged by what it has. */
export const magicBytes = 10;

const outputChunkBytes = 256 * 1024;

/**
 * Recognises the compression from the first bytes. zstd streams may begin with a skippable frame.
 * @throws Unsupported for xz and bzip2
 */
export function detectCompression(start: Uint8Array): Compression {
  const hex = Buffer.from(start.subarray(0, magicBytes)).toString('hex');
  if (hex.startsWith('1f8b08')) return 'gzip';
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return 'zstd';
  if (hex.startsWith('fd377a585a00')) throw unsupported('xz');
  if (/^425a683[1-9]314159265359/.test(hex)) throw unsupported('bzip2');
  return 'none';
}

function unsupported(name: string): DhowError {
  return new DhowError(
    'Unsupported',
    `the archive is compressed with ${name}, which is not supported; use gzip, zstd or no compression`,
  );
}

/** The stream that undoes the compression; `none` has none. Accepts several gzip members or zstd frames in a row. */
export function createDecompressor(compression: 'gzip' | 'zstd'): Transform {
  const options = { chunkSize: outputChunkBytes };
  return compression === 'gzip' ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
}

/** What a decompressor's error means to the user. */
export function decompressionError(compression: Compression, cause: unknown): unknown {
  const isZlib =
    cause instanceof Error && 'code' in cause && /^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(String(cause.code));
  if (!isZlib) return cause;
  return new DhowError(
    'InvalidParameter',
    `the ${compression} data is damaged or cut off: ${cause.message}`,
    {
      cause,
    },
  );
}

/**
 * Decompresses gzip, zstd or nothing, as the first bytes say.
 * @throws Unsupported for xz and bzip2; InvalidParameter for damaged data; ResourceExhausted beyond `maxBytes`
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  { maxBytes = maxDecompressedBytes }: DecompressOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const chunks = source[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let ended = false;
  try {
    for (let length = 0; length < magicBytes; ) {
      const chunk = await chunks.next();
      if (chunk.done) {
        ended = true;
        break;
      }
      start.push(chunk.value);
      length += chunk.value.length;
    }
    const compression = detectCompression(Buffer.concat(start.map((chunk) => chunk.subarray(0, magicBytes))));
    const whole = rejoin(start, chunks, ended);
    ended = true;
    let total = 0;
    try {
      const output = compression === 'none' ? whole : piped(whole, createDecompressor(compression));
      for await (const chunk of output) {
        total += chunk.length;
        if (total > maxBytes) throw tooLarge(maxBytes);
        yield chunk;
      }
    } catch (error) {
      throw decompressionError(compression, error);
    }
  } finally {
    if (!ended) await chunks.return?.();
  }
}

export function tooLarge(maxBytes: number): DhowError {
  return new DhowError('ResourceExhausted', `the archive has more than ${maxBytes} bytes when decompressed`);
}

/** Errors of either side come out of the iteration; leaving it closes the source. */
export function piped(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Uint8Array> {
  pipeline(source, transform, () => {});
  return transform;
}

async function* rejoin(
  start: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  ended: boolean,
): AsyncGenerator<Uint8Array, void> {
  let open = !ended;
  try {
    yield* start;
    while (open) {
      const chunk = await rest.next();
      if (chunk.done) open = false;
      else yield chunk.value;
    }
  } finally {
    if (open) await rest.return?.();
  }
}
