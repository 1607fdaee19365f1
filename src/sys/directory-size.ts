import { constants, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import type { BytePath } from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';

/** Linux takes paths of 4095 bytes, and a container nests its directories deeper: one with a longer path is gone on from by a descriptor. */
const longPath = 3000;

/**
 * Bytes of the regular files below a directory, each once however many names it has; files that vanish while we look count nothing. Follows
 * no links.
 */
export async function directorySize(directory: string): Promise<number> {
  const counted = new Set<string>();
  async function sizeBelow(parent: BytePath): Promise<number> {
    if (parent.length > longPath) return sizeOfDeep(parent);
    let total = 0;
    const list = fs.readdir(bytesOf(parent), { withFileTypes: true, encoding: 'latin1' });
    for (const entry of (await list.catch(ignoreMissing)) ?? []) {
      const child = `${parent}/${entry.name}`;
      if (entry.isDirectory()) total += await sizeBelow(child);
      else if (entry.isFile()) total += sizeOf(await fs.lstat(bytesOf(child)).catch(ignoreMissing));
    }
    return total;
  }
  async function sizeOfDeep(parent: BytePath): Promise<number> {
    const flags = constants.O_DIRECTORY | constants.O_NOFOLLOW;
    await using handle = await fs.open(bytesOf(parent), flags).catch(ignoreMissing);
    return handle === undefined ? 0 : await sizeBelow(`/proc/self/fd/${handle.fd}`);
  }
  function sizeOf(stat: Stats | undefined): number {
    if (stat === undefined) return 0;
    const inode = `${stat.dev}:${stat.ino}`;
    if (stat.nlink > 1 && counted.has(inode)) return 0;
    if (stat.nlink > 1) counted.add(inode);
    return stat.size;
  }
  return sizeBelow(Buffer.from(directory).toString('latin1'));
}

function bytesOf(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
  throw error;
}
