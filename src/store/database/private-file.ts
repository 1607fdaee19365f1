import fs from 'node:fs';

/**
 * Makes the file of a database that SQLite then finds empty: rows have the environments and passwords of containers, and nobody but root may
 * read them. SQLite gives its log the same mode.
 */
export function createPrivateFile(file: string): void {
  fs.closeSync(fs.openSync(file, 'a', 0o600));
}

/** Does the same to files that are there, as Dhow made them readable once. */
export function closeFiles(...files: string[]): void {
  for (const file of files) if (fs.existsSync(file)) fs.chmodSync(file, 0o600);
}
