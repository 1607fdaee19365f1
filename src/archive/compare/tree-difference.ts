import fs from 'node:fs';
import { hasCode } from '#sys/libc.ts';
import { getXattr, listXattrs } from '#sys/xattr.ts';

/**
 * The first difference between two trees in names, types, modes, owners, times, sizes, link targets, devices, attributes and
 * in which names are one file; the content of files is not read. Synchronous, for the worker.
 * @returns undefined when there is none. @throws SystemError
 */
export function treeDifference(first: string, second: string): string | undefined {
  const inodes = new Map<bigint, bigint>();
  return compare(toBytes(first), toBytes(second), '/', inodes);
}

function compare(
  first: string,
  second: string,
  shown: string,
  inodes: Map<bigint, bigint>,
): string | undefined {
  const [one, other] = [status(first), status(second)];
  if (one === undefined || other === undefined) {
    return one === other ? undefined : `${quote(shown)} is only in one of both`;
  }
  if (isWhiteout(one) && isWhiteout(other)) return undefined;
  const fields = ['mode', 'uid', 'gid', 'rdev', 'mtimeNs'] as const;
  const differing = fields.find((field) => one[field] !== other[field]);
  if (differing !== undefined) {
    return `${quote(shown)} has the ${differing} ${one[differing]}, expected ${other[differing]}`;
  }
  if (!one.isDirectory()) {
    if (one.size !== other.size) return `${quote(shown)} has ${one.size} bytes, expected ${other.size}`;
    if (one.isSymbolicLink() && linkOf(first) !== linkOf(second)) return `${quote(shown)} has another target`;
    const twin = inodes.get(one.ino);
    if (one.nlink !== other.nlink || (twin !== undefined && twin !== other.ino)) {
      return `${quote(shown)} is linked otherwise`;
    }
    inodes.set(one.ino, other.ino);
  }
  return (
    attributeDifference(first, second, shown) ??
    (one.isDirectory() ? childDifference(first, second, shown, inodes) : undefined)
  );
}

function childDifference(
  first: string,
  second: string,
  shown: string,
  inodes: Map<bigint, bigint>,
): string | undefined {
  const names = new Set([...list(first), ...list(second)]);
  for (const name of names) {
    const path = shown === '/' ? `/${name}` : `${shown}/${name}`;
    const difference = compare(`${first}/${name}`, `${second}/${name}`, path, inodes);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function attributeDifference(first: string, second: string, shown: string): string | undefined {
  const [ours, theirs] = [attributesOf(first), attributesOf(second)];
  for (const attribute of new Set([...ours, ...theirs])) {
    const isInBoth = ours.includes(attribute) && theirs.includes(attribute);
    if (!isInBoth || !getXattr(first, attribute)?.equals(getXattr(second, attribute) ?? Buffer.alloc(0))) {
      return `${quote(shown)} has another attribute ${attribute}`;
    }
  }
  return undefined;
}

/** Of a whiteout nothing is seen but that it is there. */
function isWhiteout(status: fs.BigIntStats): boolean {
  return status.isCharacterDevice() && status.rdev === 0n;
}

/** What overlayfs noted for itself in a directory that was written through it, and what shows nothing (overlayfs.rst). */
const notes = new Set(
  ['impure', 'nlink', 'origin', 'upper', 'uuid'].map((name) => `trusted.overlay.${name}`),
);

function attributesOf(path: string): string[] {
  return listXattrs(path).filter((attribute) => !notes.has(attribute));
}

function status(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(Buffer.from(path, 'latin1'), { bigint: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function list(path: string): string[] {
  return fs.readdirSync(Buffer.from(path, 'latin1'), { encoding: 'latin1' });
}

function linkOf(path: string): string {
  return fs.readlinkSync(Buffer.from(path, 'latin1'), 'latin1');
}

/** A byte path: names in layers need not be UTF-8. */
function toBytes(path: string): string {
  return Buffer.from(path).toString('latin1');
}

function quote(path: string): string {
  return JSON.stringify(Buffer.from(path, 'latin1').toString());
}
