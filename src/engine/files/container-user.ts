import { readTar } from '#archive/read-tar.ts';
import type { TreeView } from '#archive/tree-view.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import { findUser } from '#runtime/users.ts';

/** As in the runtime: nobody has a larger user database. */
const maxDatabaseBytes = 8 * 1024 * 1024;

/** Looks a user up in the container's own databases. @throws InvalidParameter when it is unknown there */
export async function findContainerUser(view: TreeView, user: string): Promise<{ uid: number; gid: number }> {
  const passwd = await readFile(view, '/etc/passwd');
  const group = await readFile(view, '/etc/group');
  const { uid, gid } = findUser(passwd, group, user, []);
  return { uid, gid };
}

/** Empty when it is not there. */
async function readFile(view: TreeView, path: string): Promise<string> {
  try {
    const { linkTarget } = await view.stat(path);
    const pieces = view.pack(
      { path: linkTarget || path, name: 'file', whiteouts: 'literal' },
      new AbortController().signal,
    );
    for await (const { header, body } of readTar(pieces)) {
      if (header.sizeBytes > maxDatabaseBytes) {
        throw new DhowError(
          'InvalidParameter',
          `${path} in the container is larger than ${maxDatabaseBytes} bytes`,
        );
      }
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      return Buffer.concat(parts).toString();
    }
  } catch (error) {
    if (kindOf(error) !== 'NotFound') throw error;
  }
  return '';
}
