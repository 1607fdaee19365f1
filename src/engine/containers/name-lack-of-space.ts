import fs from 'node:fs';
import { DhowError, findDhowError, messageOf } from '#errors/error.ts';

/** With less than this, something that was written has found no room. */
const littleBytes = 4 * 1024 * 1024;

/** Runtimes tell a full disk in many words, such as that a file is missing which they could not make. */
export function nameLackOfSpace(directory: string, error: unknown): unknown {
  const { bfree, bsize } = fs.statfsSync(directory);
  const known = findDhowError(error);
  if (bfree * bsize >= littleBytes || known?.reason !== undefined || known?.kind === 'ResourceExhausted') {
    return error;
  }
  return new DhowError(
    'ResourceExhausted',
    `${messageOf(error)} (no space left on device for ${directory})`,
    { cause: error },
  );
}
