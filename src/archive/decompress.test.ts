import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import { decompress } from '#archive/decompress.ts';
import { inChunks } from '#archive/testing/archive-bytes.ts';

const text = Buffer.from('layer '.repeat(100_000));

async function collect(bytes: Uint8Array, chunkSize?: number, maxBytes?: number): Promise<Buffer> {
  const options = maxBytes === undefined ? {} : { maxBytes };
  return Buffer.concat(await Array.fromAsync(decompress(inChunks(bytes, chunkSize), options)));
}

describe('decompress', () => {
  const gzip = zlib.gzipSync(text);
  const zstd = zlib.zstdCompressSync(text);
  const xz = execFileSync('xz', ['-c'], { input: text });
  const bzip2 = execFileSync('bzip2', ['-c'], { input: text });
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
  for (const { name, bytes, expected } of [
    { name: 'no compression', bytes: text, expected: text },
    { name: 'nothing', bytes: Buffer.alloc(0), expected: Buffer.alloc(0) },
    { name: 'less than the magic of any format', bytes: Buffer.from('ab'), expected: Buffer.from('ab') },
    { name: 'gzip', bytes: gzip, expected: text },
    {
      name: 'gzip of several members',
      bytes: Buffer.concat([gzip, gzip]),
      expected: Buffer.concat([text, text]),
    },
    { name: 'zstd', bytes: zstd, expected: text },
    { name: 'xz', bytes: xz, expected: text },
    { name: 'xz of several streams', bytes: Buffer.concat([xz, xz]), expected: Buffer.concat([text, text]) },
    { name: 'bzip2', bytes: bzip2, expected: text },
    {
      name: 'zstd of several frames',
      bytes: Buffer.concat([zstd, zstd]),
      expected: Buffer.concat([text, text]),
    },
    {
      name: 'zstd with skippable frames',
      bytes: Buffer.concat([skippable, zstd, skippable]),
      expected: text,
    },
  ]) {
    it(`passes ${name}`, async () => {
      for (const size of [1 << 16, 1000, ...(bytes.length < 5000 ? [1] : [])]) {
        assert.ok((await collect(bytes, size)).equals(expected), `chunks of ${size}`);
      }
    });
  }

  // A frame's magic and header, RFC 8878, 3.1.1.1: exponent 21 is 2^31 bytes.
  const hugeWindow = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, ...Buffer.alloc(64)]);
  const corrupt = Buffer.from(gzip);
  corrupt[corrupt.length - 5] = (corrupt.at(-5) ?? 0) ^ 1;
  for (const { name, bytes, kind, message } of [
    { name: 'cut xz', bytes: xz.subarray(0, 100), kind: 'InvalidParameter', message: /xz data is damaged/ },
    {
      name: 'noise after the magic of xz',
      bytes: Buffer.from('fd377a585a000004', 'hex'),
      kind: 'InvalidParameter',
      message: /xz/,
    },
    { name: 'cut bzip2', bytes: bzip2.subarray(0, 20), kind: 'InvalidParameter', message: /bzip2 data/ },
    { name: 'cut gzip', bytes: gzip.subarray(0, 500), kind: 'InvalidParameter', message: /cut off/ },
    { name: 'cut zstd', bytes: zstd.subarray(0, 30), kind: 'InvalidParameter', message: /cut off/ },
    { name: 'zstd with a window of 2 GiB', bytes: hugeWindow, kind: 'InvalidParameter', message: /128 MiB/ },
    { name: 'gzip with a wrong checksum', bytes: corrupt, kind: 'InvalidParameter', message: /damaged/ },
  ]) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(collect(bytes), { kind, message });
    });
  }

  it('names the package of a program that is not installed', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await assert.rejects(collect(xz), { kind: 'Unsupported', message: /xz-utils/ });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('stops at the most bytes allowed', async () => {
    await assert.rejects(collect(xz, undefined, 1000), { kind: 'ResourceExhausted' });
    await assert.rejects(collect(gzip, undefined, 1000), { kind: 'ResourceExhausted' });
    await assert.rejects(collect(text, undefined, 1000), { kind: 'ResourceExhausted' });
  });

  it('passes on what the source throws', async () => {
    async function* source() {
      yield gzip.subarray(0, 100);
      throw new Error('connection lost');
    }
    await assert.rejects(Array.fromAsync(decompress(source())), { message: 'connection lost' });
  });

  it('closes the source when the reader leaves early', async () => {
    for (const bytes of [text, gzip]) {
      const { promise, resolve } = Promise.withResolvers<void>();
      async function* source() {
        try {
          for (;;) yield bytes;
        } finally {
          resolve();
        }
      }
      for await (const chunk of decompress(source())) {
        assert.ok(chunk.length > 0);
        break;
      }
      await promise;
    }
  });
});
