import { paxRecord, type TarInput, tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';

/** An entry with its content; a directory's name needs no slash. */
export type TestEntry = TarInput & { content?: string | Uint8Array };

/** A whole archive, made by our own writer. */
export function archiveOf(entries: readonly TestEntry[]): Buffer {
  return Buffer.concat([...entries.map(entryBytes), tarTrailer()]);
}

export function entryBytes({ content = '', ...entry }: TestEntry): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([tarHeader({ ...entry, sizeBytes: bytes.length }), bytes, tarPadding(bytes.length)]);
}

/**
 * One header as a hostile or old writer would make it: `fields` are put over an ordinary header at their offsets,
 * then the checksum is made right.
 */
export function rawHeader(fields: Record<number, string | Uint8Array>): Buffer {
  const block = tarHeader({ type: 'file', name: 'raw', mode: 0o644 });
  for (const [offset, value] of Object.entries(fields)) block.set(Buffer.from(value), Number(offset));
  return withChecksum(block);
}

export function withChecksum(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A special header (`x`, `g`, `L`, `K`) with its content. */
export function special(typeFlag: string, content: Buffer): Buffer {
  const size = content.length.toString(8).padStart(11, '0');
  return Buffer.concat([rawHeader({ 124: `${size}\0`, 156: typeFlag }), content, tarPadding(content.length)]);
}

export function pax(records: Record<string, string | Buffer>): Buffer {
  return Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value))));
}

/** The bytes in chunks of this size. */
export async function* inChunks(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array, void> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
