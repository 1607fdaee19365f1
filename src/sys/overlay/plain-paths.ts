import fs from 'node:fs';
import { O_CLOEXEC, O_PATH } from '#sys/open-in-root.ts';
import type { OverlayMount } from '#sys/overlay.ts';

/**
 * Replaces paths that are longer than `maxBytes` or have characters that overlayfs takes for separators (in some of
 * its options, and after a backslash in others) by descriptors of the same directories, open until disposed.
 */
export function plainPaths(overlay: OverlayMount, maxBytes: number): Disposable & { value: OverlayMount } {
  const stack = new DisposableStack();
  const shorten = (path: string): string => {
    if (Buffer.byteLength(path) <= maxBytes && !/[\\:,]/.test(path)) return path;
    const fd = fs.openSync(path, O_PATH | fs.constants.O_DIRECTORY | O_CLOEXEC);
    stack.defer(() => fs.closeSync(fd));
    return `/proc/self/fd/${fd}`;
  };
  try {
    const { lowerDirectories, upperDirectory, workDirectory } = overlay;
    const value = {
      lowerDirectories: lowerDirectories.map(shorten),
      ...(upperDirectory === undefined ? {} : { upperDirectory: shorten(upperDirectory) }),
      ...(workDirectory === undefined ? {} : { workDirectory: shorten(workDirectory) }),
    };
    return { value, [Symbol.dispose]: () => stack.dispose() };
  } catch (error) {
    stack.dispose();
    throw error;
  }
}
