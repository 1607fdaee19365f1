import fs from 'node:fs';
import path from 'node:path';
import { keptLogPath, parseLogNames } from '#runtime/log-files.ts';

/** Puts logs aside. */
export interface LogRotation {
  /**
   * Moves `log` to the next number, removes what is then too many, and has the writer told to open a new one. It goes on in the moved file
   * until then, so nothing is lost in between.
   * @param keep files in all, with the one being written; at least one that was put aside stays
   */
  rotate(id: string, log: string, keep: number, tellWriter: () => void): void;
  forget(id: string): void;
}

export function createLogRotation(): LogRotation {
  const told = new Set<string>();
  return {
    rotate(id, log, keep, tellWriter) {
      if (fs.existsSync(log)) putAside(log, keep);
      // The writer has not come to it. Told again, it would put a second new file in the place of the first, with what it wrote there.
      else if (told.has(id)) return;
      // Otherwise a daemon was killed after it had moved the file and before it told the writer.
      told.add(id);
      tellWriter();
    },
    forget: (id) => void told.delete(id),
  };
}

/** The numbers go on from the newest, which therefore is never removed. */
function putAside(log: string, keep: number): void {
  const { kept } = parseLogNames(log, fs.readdirSync(path.dirname(log)));
  fs.renameSync(log, keptLogPath(log, (kept.at(-1)?.number ?? 0) + 1));
  const others = Math.max(0, keep - 2);
  for (const { path: name } of kept.slice(0, Math.max(0, kept.length - others)))
    fs.rmSync(name, { force: true });
}
