import { type Duplex, pipeline } from 'node:stream';
import zlib from 'node:zlib';
import { type DecompressorProgram, ProgramStream } from '#archive/decompress/program-stream.ts';
import { DhowError } from '#errors/error.ts';

export type Compression = keyof typeof programs | 'gzip' | 'zstd' | 'none';

/** Old images have these; the memory is what xz's own largest preset takes. */
const programs = {
  xz: { command: 'xz', args: ['-dc', '--memlimit-decompress=128MiB'], debianPackage: 'xz-utils' },
  bzip2: { command: 'bzip2', args: ['-dc'], debianPackage: 'bzip2' },
} as const satisfies Record<string, DecompressorProgram>;

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

/** Recognises the compression from the first bytes. zstd streams may begin with a skippable frame. */
export function detectCompression(start: Uint8Array): Compression {
  const hex = Buffer.from(start.subarray(0, magicBytes)).toString('hex');
  if (hex.startsWith('1f8b08')) return 'gzip';
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return 'zstd';
  if (hex.startsWith('fd377a585a00')) return 'xz';
  if (/^425a683[1-9]314159265359/.test(hex)) return 'bzip2';
  return 'none';
}

/** The stream that undoes the compression; `none` has none. Accepts several gzip members or zstd frames in a row. */
export function createDecompressor(compression: Exclude<Compression, 'none'>): Duplex {
  const options = { chunkSize: outputChunkBytes };
  if (compression === 'gzip') return zlib.createGunzip(options);
  if (compression === 'zstd') return zlib.createZstdDecompress(options);
  return new ProgramStream(programs[compression]);
}

/** What a decompressor's error means to the user. */
export function decompressionError(compression: Compression, cause: unknown): unknown {
  const isZlib =
    cause instanceof Error && 'code' in cause && /^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(String(cause.code));
  if (!isZlib) return cause;
  if (String(cause.code) === 'ZSTD_error_frameParameter_windowTooLarge') {
    return new DhowError(
      'InvalidParameter',
      'the zstd data takes more than 128 MiB of memory to decompress: compress it with a window of at most that (zstd --long=27)',
      { cause },
    );
  }
  return new DhowError(
    'InvalidParameter',
    `the ${compression} data is damaged or cut off: ${cause.message}`,
    {
      cause,
    },
  );
}

/**
 * Decompresses what the first bytes say.
 * @throws Unsupported when the program for xz or bzip2 is not installed; InvalidParameter for damaged data; ResourceExhausted beyond `maxBytes`
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
export function piped(source: AsyncIterable<Uint8Array>, transform: Duplex): AsyncIterable<Uint8Array> {
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
