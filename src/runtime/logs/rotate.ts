import fs from 'node:fs';
import { keptLogPath } from '#runtime/log-files.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * Makes room for a new log: moves `log` to `log.1`, that to `log.2` and so on, and removes what is then too many. The writer goes on in
 * the moved file until it is told to open a new one, so nothing is lost in between.
 * @param keep files in all, with the one being written; 1 keeps no other
 */
export function shiftLogs(path: string, keep: number): void {
  // It was moved, and the writer not told, by a daemon that was killed in between.
  if (!fs.existsSync(path)) return;
  fs.rmSync(keptLogPath(path, Math.max(1, keep - 1)), { force: true });
  for (let number = keep - 2; number >= 1; number--) {
    renameIfThere(keptLogPath(path, number), keptLogPath(path, number + 1));
  }
  renameIfThere(path, keptLogPath(path, 1));
}

function renameIfThere(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
