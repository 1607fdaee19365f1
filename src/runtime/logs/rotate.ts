import fs from 'node:fs';
import { keptLogPath } from '#runtime/log-files.ts';
import { hasCode } from '#sys/libc.ts';

/** Puts logs aside. */
export interface LogRotation {
  /**
   * Moves `log` to `log.1`, that to `log.2` and so on, removes what is then too many, and has the writer told to open a new one. It goes on
   * in the moved file until then, so nothing is lost in between.
   * @param keep files in all, with the one being written; 1 keeps no other
   */
  rotate(id: string, log: string, keep: number, tellWriter: () => void): void;
  forget(id: string): void;
}

export function createLogRotation(): LogRotation {
  const told = new Set<string>();
  return {
    rotate(id, log, keep, tellWriter) {
      if (fs.existsSync(log)) shiftLogs(log, keep);
      // The writer has not come to it. Told again, it would put a second new file in the place of the first, with what it wrote there.
      else if (told.has(id)) return;
      // Otherwise a daemon was killed after it had moved the file and before it told the writer.
      told.add(id);
      tellWriter();
    },
    forget: (id) => void told.delete(id),
  };
}

function shiftLogs(log: string, keep: number): void {
  fs.rmSync(keptLogPath(log, Math.max(1, keep - 1)), { force: true });
  for (let number = keep - 2; number >= 1; number--) {
    renameIfThere(keptLogPath(log, number), keptLogPath(log, number + 1));
  }
  renameIfThere(log, keptLogPath(log, 1));
}

function renameIfThere(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
