import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** Writes a file with an owner and a mode of its own. The directory must be closed to others. */
export function writePrivateFile(
  directory: string,
  content: Uint8Array | string,
  { mode, uid, gid }: { mode: number; uid: number; gid: number },
): string {
  const file = path.join(directory, randomUUID());
  fs.writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  fs.chownSync(file, uid, gid);
  fs.chmodSync(file, mode);
  return file;
}
