import fs from 'node:fs';
import { DhowError, findDhowError, messageOf } from '#errors/error.ts';

/** With less than this, something that was written has found no room. */
const littleBytes = 4 * 1024 * 1024;

/**
 * For a start that writes into a directory: of a failure that does not say why, says that there is no space, when that is so now or
 * was when this was called; others may have freed some since.
 *
 * Runtimes tell a full disk in many words: crun 1.8 gets ENOSPC when it makes the file that /etc/hosts is mounted on, and says that the
 * file does not exist.
 */
export function watchSpace(directory: string): (error: unknown) => unknown {
  const lackedSpace = lacksSpace(directory);
  return (error) => {
    const known = findDhowError(error);
    if (known?.reason !== undefined || known?.kind === 'ResourceExhausted') return error;
    if (!lackedSpace && !lacksSpace(directory)) return error;
    return new DhowError(
      'ResourceExhausted',
      `${messageOf(error)} (no space left on device for ${directory})`,
      { cause: error },
    );
  };
}

function lacksSpace(directory: string): boolean {
  const { blocks, bfree, bsize } = fs.statfsSync(directory);
  // ext4 counts as free what it keeps for itself: a fiftieth of its blocks, and never more than 4096.
  const kept = Math.min(blocks / 50, 4096);
  return (bfree - kept) * bsize < littleBytes;
}
