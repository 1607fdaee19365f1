import fs from 'node:fs';
import { ownersInside, xattrInside } from '#archive/owners/file-owners.ts';
import type { TarEntryType } from '#archive/tar/header.ts';
import { tarHeader } from '#archive/write-tar.ts';
import type { BytePath, NodeStatus } from '#sys/file-tree.ts';
import type { IdMapping } from '#sys/id-mapping.ts';
import { getXattr, listXattrs } from '#sys/xattr.ts';

export interface PackedNode {
  parentFd: number;
  /** Name in the open directory `parentFd`. */
  child: BytePath;
  /** Name in the archive. */
  name: BytePath;
  status: NodeStatus;
  /** Of the user namespace whose ids go into the archive. */
  mapping: IdMapping | undefined;
}

/** The tar header of something as it is in a file system. @throws SystemError */
export function packEntry(
  node: PackedNode & { type: TarEntryType; sizeBytes?: number; linkName?: BytePath },
): Buffer {
  const { parentFd, child, name, type, status, linkName, mapping } = node;
  const { uid, gid } = ownersInside(status, mapping);
  const path = `/proc/self/fd/${parentFd}/${child}`;
  const target =
    type === 'symlink' ? fs.readlinkSync(Buffer.from(path, 'latin1'), 'latin1') : (linkName ?? '');
  return tarHeader({
    type,
    name: '',
    nameBytes: Buffer.from(name, 'latin1'),
    linkNameBytes: Buffer.from(target, 'latin1'),
    sizeBytes: node.sizeBytes ?? 0,
    mode: status.mode & 0o7777,
    uid,
    gid,
    modifiedAt: status.modifiedAt,
    deviceMajor: status.deviceMajor,
    deviceMinor: status.deviceMinor,
    // A hard link's attributes are those of its first name.
    xattrs: type === 'hard-link' ? new Map() : xattrsOf(path, mapping),
  });
}

/**
 * overlayfs's book-keeping belongs to this mount, labels of SELinux and measurements of IMA to this host: neither is part
 * of the tree.
 */
function xattrsOf(path: BytePath, mapping: IdMapping | undefined): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const attribute of listXattrs(path).sort()) {
    if (/^(trusted\.overlay\.|security\.(selinux|ima|evm)$)/.test(attribute)) continue;
    const value = getXattr(path, attribute);
    if (value !== undefined) found.set(attribute, xattrInside(attribute, value, mapping));
  }
  return found;
}
