import { type BytePath, cString } from '#sys/file-tree.ts';
import { check, hasCode, libc } from '#sys/libc.ts';

const fsetxattrFunction = libc.func(
  'int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)',
);
const lsetxattrFunction = libc.func(
  'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
);
const lgetxattrFunction = libc.func(
  'long lgetxattr(const void *path, const void *name, void *value, size_t size)',
);
const llistxattrFunction = libc.func('long llistxattr(const void *path, void *list, size_t size)');

/** Linux XATTR_SIZE_MAX and XATTR_LIST_MAX. */
const maxBytes = 65536;

/** Sets an attribute of an open file or directory. @throws SystemError */
export function setXattr(fd: number, attribute: string, value: Uint8Array): void {
  check('fsetxattr', fsetxattrFunction(fd, Buffer.from(`${attribute}\0`), value, value.length, 0), attribute);
}

/** Sets an attribute of a name in an open directory, not following it: for symlinks and devices. @throws SystemError */
export function setXattrAt(directoryFd: number, name: BytePath, attribute: string, value: Uint8Array): void {
  const path = cString(`/proc/self/fd/${directoryFd}/${name}`);
  check(
    'lsetxattr',
    lsetxattrFunction(path, Buffer.from(`${attribute}\0`), value, value.length, 0),
    attribute,
  );
}

/** @returns undefined if there is no such attribute. @throws SystemError */
export function getXattr(path: BytePath, attribute: string): Buffer | undefined {
  const value = Buffer.allocUnsafe(maxBytes);
  try {
    const size = Number(lgetxattrFunction(cString(path), Buffer.from(`${attribute}\0`), value, maxBytes));
    return Buffer.from(value.subarray(0, check('lgetxattr', size, path)));
  } catch (error) {
    if (hasCode(error, 'ENODATA', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}

/** Names of all attributes that we may see; the path is not followed. @throws SystemError */
export function listXattrs(path: BytePath): string[] {
  const list = Buffer.allocUnsafe(maxBytes);
  const size = check('llistxattr', Number(llistxattrFunction(cString(path), list, maxBytes)), path);
  return size === 0 ? [] : list.toString('utf8', 0, size - 1).split('\0');
}
