import { malformed, quoteName } from '#archive/tar/malformed.ts';
import type { BytePath } from '#sys/file-tree.ts';

/**
 * A name out of an archive as a path below the root: absolute names begin at the root as with Docker and tar, `.` and
 * empty parts go, `..` takes a part back. The root itself is the empty path.
 * @throws InvalidParameter when `..` would leave the root
 */
export function cleanPath(name: BytePath): BytePath {
  if (isClean(name)) return name;
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw malformed(`the entry ${quoteName(name)} lies outside the root`);
  }
  return parts.join('/');
}

/** Nearly every name is clean already, apart from a directory's last slash; telling so is cheaper than splitting. */
function isClean(name: BytePath): boolean {
  return name !== '' && !name.includes('//') && !/^\/|\/$|(?:^|\/)\.\.?(?:\/|$)/.test(name);
}

export function splitPath(path: BytePath): { parent: BytePath; name: BytePath } {
  const slash = path.lastIndexOf('/');
  return slash === -1
    ? { parent: '', name: path }
    : { parent: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** What a name in an OCI layer says about the layers below (image-spec layer.md, "Whiteouts"). */
export type Whiteout = { type: 'remove'; name: BytePath } | { type: 'opaque' } | { type: 'ignore' };

/**
 * @param path clean
 * @returns undefined for an ordinary entry
 * @throws InvalidParameter for whiteouts of `.` and `..` and for directories with a whiteout's name
 */
export function parseWhiteout(path: BytePath): Whiteout | undefined {
  if (!path.includes('.wh.')) return undefined;
  // aufs's own book-keeping, in images of 2014: directories such as .wh..wh.plnk.
  if (/(?:^|\/)\.wh\.\.wh\.(?!\.opq$)/.test(path)) return { type: 'ignore' };
  const { parent, name } = splitPath(path);
  if (/(?:^|\/)\.wh\./.test(parent)) throw malformed(`${quoteName(path)} lies in a whiteout`);
  if (!name.startsWith('.wh.')) return undefined;
  const removed = name.slice('.wh.'.length);
  if (removed === '.wh..opq') return { type: 'opaque' };
  if (removed === '' || removed === '.' || removed === '..') {
    throw malformed(`${quoteName(path)} is not the whiteout of a name`);
  }
  return { type: 'remove', name: removed };
}
