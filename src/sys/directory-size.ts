import type { Stats } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '#sys/libc.ts';

/**
 * Bytes of the regular files below a directory, each once however many names it has; files that vanish while we look count nothing. Follows
 * no links.
 */
export async function directorySize(directory: string): Promise<number> {
  const counted = new Set<string>();
  async function sizeBelow(parent: string): Promise<number> {
    let total = 0;
    const entries = await fs.readdir(parent, { withFileTypes: true }).catch(ignoreMissing);
    for (const entry of entries ?? []) {
      const child = path.join(parent, entry.name);
      if (entry.isDirectory()) total += await sizeBelow(child);
      else if (entry.isFile()) total += sizeOf(await fs.lstat(child).catch(ignoreMissing));
    }
    return total;
  }
  function sizeOf(stat: Stats | undefined): number {
    if (stat === undefined) return 0;
    const inode = `${stat.dev}:${stat.ino}`;
    if (stat.nlink > 1 && counted.has(inode)) return 0;
    if (stat.nlink > 1) counted.add(inode);
    return stat.size;
  }
  return sizeBelow(directory);
}

function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT')) return undefined;
  throw error;
}
