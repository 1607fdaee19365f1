import type { TarHeader } from '#archive/tar/header.ts';
import {
  type BytePath,
  changeMode,
  changeModeAt,
  changeOwnerAt,
  setTimesAt,
  statusAt,
} from '#sys/file-tree.ts';
import { hasCode } from '#sys/libc.ts';
import { setXattr, setXattrAt } from '#sys/xattr.ts';

/**
 * Owner, mode and attributes of an open file or directory, in the order in which none undoes another: chown clears
 * setuid bits and capabilities.
 */
export function applyToOpen(fd: number, header: TarHeader): void {
  changeOwnerAt(fd, '', header.uid, header.gid);
  changeMode(fd, header.mode);
  applyXattrs(header, (attribute, value) => setXattr(fd, attribute, value));
}

/** The same and the times, for what is not opened: links, devices, fifos. */
export function applyToName(directoryFd: number, name: BytePath, header: TarHeader): void {
  const isHardLink = header.type === 'hard-link';
  const present = isHardLink ? statusAt(directoryFd, name) : undefined;
  // GNU tar tells attributes with a file's first name only: a chown that changes nothing would take its capabilities away.
  if (present?.uid !== header.uid || present.gid !== header.gid) {
    changeOwnerAt(directoryFd, name, header.uid, header.gid);
  }
  const isSymlink = header.type === 'symlink' || present?.isSymlink === true;
  if (!isSymlink) changeModeAt(directoryFd, name, header.mode);
  applyXattrs(header, (attribute, value) => setXattrAt(directoryFd, name, attribute, value));
  setTimesAt(directoryFd, name, header.modifiedAt);
}

/**
 * `trusted.overlay.*` is how overlayfs marks its own book-keeping; from a stranger it could make one layer show
 * another's files, so it is left out. So is what the file system cannot keep: an SELinux label on one without, and
 * `user.*`, which Linux refuses with EPERM, on a symlink or a device.
 */
function applyXattrs(header: TarHeader, set: (attribute: string, value: Buffer) => void): void {
  const takesUserXattrs = header.type === 'file' || header.type === 'directory';
  for (const [attribute, value] of header.xattrs) {
    if (attribute.startsWith('trusted.overlay.')) continue;
    try {
      set(attribute, value);
    } catch (error) {
      const isUnfit = !takesUserXattrs && attribute.startsWith('user.') && hasCode(error, 'EPERM');
      if (!isUnfit && !hasCode(error, 'EOPNOTSUPP', 'ENOTSUP')) throw error;
    }
  }
}
