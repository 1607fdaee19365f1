import { closeSync, constants, fstatSync } from 'node:fs';
import { hasCode } from '#sys/libc.ts';
import { O_PATH, openInRoot, openRoot } from '#sys/open-in-root.ts';

/**
 * The options of a tmpfs, with the mode of the directory that it covers when they have none, as runc does it: one on /run is root's alone
 * to write, and one on /tmp everybody's. crun would let the kernel choose, which takes 1777.
 * @param rootDirectory of the container, mounted
 */
export function withModeOfCovered(rootDirectory: string, target: string, options: string[]): string[] {
  if (options.some((option) => option.startsWith('mode='))) return options;
  const mode = modeOf(rootDirectory, target);
  return mode === undefined ? options : [...options, `mode=${mode.toString(8)}`];
}

function modeOf(rootDirectory: string, target: string): number | undefined {
  const root = openRoot(rootDirectory);
  try {
    const directory = openInRoot(root, target, O_PATH | constants.O_DIRECTORY);
    const { mode } = fstatSync(directory);
    closeSync(directory);
    return mode & 0o7777;
  } catch (error) {
    // The runtime makes it, or says what is in its way.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  } finally {
    closeSync(root);
  }
}
