import fs from 'node:fs';
import type { ProcessDirectory } from '#runtime/conmon/directories.ts';
import { hasCode } from '#sys/libc.ts';

/** Tells, once, that the kernel has killed a process of a container for want of memory: conmon makes a file of it. */
export function watchOom(directory: ProcessDirectory, onOom: () => void): Disposable {
  const watcher = watchDirectory(directory.path);
  function tell(): void {
    watcher?.close();
    onOom();
  }
  watcher?.on('change', (_event, name) => {
    if (name === 'oom') tell();
  });
  watcher?.on('error', () => {});
  // A former daemon's container may have it.
  if (fs.existsSync(directory.file('oom'))) tell();
  return { [Symbol.dispose]: () => watcher?.close() };
}

/** undefined when the host's limit of watches (inotify(7)) is reached: the exit tells it too. */
function watchDirectory(path: string): fs.FSWatcher | undefined {
  try {
    return fs.watch(path, { persistent: false });
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EMFILE', 'ENOENT')) return undefined;
    throw error;
  }
}
