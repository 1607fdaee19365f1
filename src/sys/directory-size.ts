import fs from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '#sys/libc.ts';

/** Bytes of the regular files below a directory; files that vanish while we look count nothing. Follows no links. */
export async function directorySize(directory: string): Promise<number> {
  let total = 0;
  const entries = await fs.readdir(directory, { withFileTypes: true }).catch(ignoreMissing);
  for (const entry of entries ?? []) {
    const child = path.join(directory, entry.name);
    if (entry.isDirectory()) total += await directorySize(child);
    else if (entry.isFile()) total += (await fs.lstat(child).catch(ignoreMissing))?.size ?? 0;
  }
  return total;
}

function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT')) return undefined;
  throw error;
}
