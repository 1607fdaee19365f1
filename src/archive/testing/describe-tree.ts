import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { closeFd, listDirectory, openDirectoryAt, statusAt } from '#sys/file-tree.ts';
import { getXattr, listXattrs } from '#sys/xattr.ts';

/** Everything that an archive can say about a tree, one line for each entry, for comparing two trees. */
export function describeTree(directory: string, { times = true } = {}): string[] {
  const lines: string[] = [];
  const firstNames = new Map<bigint, string>();

  function describe(path: string): void {
    const bytes = Buffer.from(path, 'latin1');
    const name = path.slice(directory.length) || '/';
    const stat = fs.lstatSync(bytes, { bigint: true });
    const status = statusAt(-100, path);
    const parts = [name, status.mode.toString(8), `${stat.uid}:${stat.gid}`];
    if (times) parts.push(`mtime=${stat.mtimeNs}`);
    if (stat.isFile())
      parts.push(createHash('sha256').update(fs.readFileSync(bytes)).digest('hex'), `${stat.size}`);
    if (stat.isSymbolicLink()) parts.push(`-> ${fs.readlinkSync(bytes, 'latin1')}`);
    if (stat.isBlockDevice() || stat.isCharacterDevice())
      parts.push(`${status.deviceMajor}/${status.deviceMinor}`);
    for (const attribute of listXattrs(path).sort()) {
      parts.push(`${attribute}=${getXattr(path, attribute)?.toString('hex')}`);
    }
    if (!stat.isDirectory() && stat.nlink > 1n) {
      const first = firstNames.get(stat.ino) ?? name;
      firstNames.set(stat.ino, first);
      parts.push(`same as ${first}`);
    }
    lines.push(parts.join(' '));
    if (!stat.isDirectory()) return;
    const fd = openDirectoryAt(-100, path);
    const children = listDirectory(fd).sort();
    closeFd(fd);
    for (const child of children) describe(`${path}/${child}`);
  }

  describe(Buffer.from(directory).toString('latin1'));
  return lines;
}
