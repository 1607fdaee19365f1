import { createHash, type Hash } from 'node:crypto';
import type { SourceEntry } from '#build/copy/source-tree.ts';

/**
 * What makes two copies the same: names, types, modes, owners, links, attributes and contents; not times.
 * @returns hexadecimal
 */
export async function digestEntries(entries: AsyncIterable<SourceEntry>): Promise<string> {
  const hash = createHash('sha256');
  for await (const entry of entries) await addEntry(hash, entry);
  return hash.digest('hex');
}

async function addEntry(hash: Hash, { name, header, body, contentSha256 }: SourceEntry): Promise<void> {
  const { type, mode, uid, gid, linkNameBytes, deviceMajor, deviceMinor, xattrs } = header;
  const content = type === 'file' ? (contentSha256 ?? (await digestBody(body()))) : '';
  const attributes = [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(
    JSON.stringify([
      name,
      type,
      mode,
      uid,
      gid,
      linkNameBytes.toString('latin1'),
      deviceMajor,
      deviceMinor,
      attributes.map(([key, value]) => [key, value.toString('base64')]),
      content,
    ]),
  );
  hash.update('\n');
}

async function digestBody(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}
