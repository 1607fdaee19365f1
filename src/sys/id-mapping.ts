import fs from 'node:fs';

/** `count` ids from `inside` on in a user namespace are those from `outside` on of the namespace above (user_namespaces(7)). */
export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

/** Which users and groups of the host those of a user namespace are. Id 0 is mapped, on both sides of the colon. */
export interface IdMapping {
  uids: readonly IdRange[];
  gids: readonly IdRange[];
}

/** Where ids stand that have no counterpart (proc(5), overflowuid). */
export const overflowId = 65534;

/** @returns undefined for an id that the namespace does not have */
export function toOutside(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ inside, count }) => id >= inside && id < inside + count);
  return range && range.outside + (id - range.inside);
}

/** @returns `overflowId` for an id of which the namespace knows nothing, as the kernel does */
export function toInside(ranges: readonly IdRange[], id: number): number {
  const range = ranges.find(({ outside, count }) => id >= outside && id < outside + count);
  return range ? range.inside + (id - range.outside) : overflowId;
}

/** The user and the group of the host that root is inside. */
export function rootOutside({ uids, gids }: IdMapping): { uid: number; gid: number } {
  return { uid: toOutside(uids, 0) ?? overflowId, gid: toOutside(gids, 0) ?? overflowId };
}

/** The text of /proc/<pid>/uid_map and gid_map. */
export function formatRanges(ranges: readonly IdRange[]): string {
  return ranges.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}

function parseRanges(text: string): IdRange[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((numbers) => numbers.length === 3)
    .map(([inside = 0, outside = 0, count = 0]) => ({ inside, outside, count }));
}

export function sameMapping(a: IdMapping | undefined, b: IdMapping | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The ids of a process as this one sees them; undefined when they are the same.
 * @throws Node's file errors, ENOENT or ESRCH when the process is gone
 */
export function readIdMapping(pid: number): IdMapping | undefined {
  const read = (name: 'uid_map' | 'gid_map', of: number | 'self'): string =>
    fs.readFileSync(`/proc/${of}/${name}`, 'latin1');
  const uids = read('uid_map', pid);
  const gids = read('gid_map', pid);
  if (uids === read('uid_map', 'self') && gids === read('gid_map', 'self')) return undefined;
  return { uids: parseRanges(uids), gids: parseRanges(gids) };
}
