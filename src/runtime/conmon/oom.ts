import fs from 'node:fs';
import type { ProcessDirectory } from '#runtime/conmon/directories.ts';

/** Tells, once, that the kernel has killed a process of a container for want of memory: conmon makes a file of it. */
export function watchOom(directory: ProcessDirectory, onOom: () => void): Disposable {
  const watcher = fs.watch(directory.path, { persistent: false }, (_event, name) => {
    if (name === 'oom') tell();
  });
  watcher.on('error', () => {});
  function tell(): void {
    watcher.close();
    onOom();
  }
  // A former daemon's container may have it.
  if (fs.existsSync(directory.file('oom'))) tell();
  return { [Symbol.dispose]: () => watcher.close() };
}
