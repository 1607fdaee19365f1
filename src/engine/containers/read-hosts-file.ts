import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';

/** The container can write as much as it likes into the files that it has mounted. */
const maximumBytes = 1024 * 1024;

/** The text of a hosts file or resolv.conf of a running container. @throws ResourceExhausted for one that is none */
export function readHostsFile(path: string): string {
  const { size } = fs.statSync(path);
  if (size > maximumBytes) {
    throw new DhowError('ResourceExhausted', `${path} has ${size} bytes, which is too much to be changed`);
  }
  return fs.readFileSync(path, 'utf8');
}
