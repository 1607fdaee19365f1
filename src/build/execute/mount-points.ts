import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { findInRoot } from '#build/copy/in-root.ts';

export interface MountPoint {
  path: string;
  kind: 'file' | 'directory';
}

/**
 * Makes a directory that has those mount points which a root lacks, to be mounted between its layers and what a command
 * writes: a runtime finds them there, and they get into no layer. Directories on the way that exist get the attributes that they
 * have in the root, because the upper-most one's are seen.
 * @returns undefined when all are there
 */
export function makeMountPoints(
  root: string,
  points: readonly MountPoint[],
  workDirectory: string,
): string | undefined {
  const missing = points.filter((point) => findInRoot(root, point.path) === undefined);
  if (missing.length === 0) return undefined;
  const made = path.join(workDirectory, `points-${randomUUID()}`);
  fs.mkdirSync(made, { mode: 0o755 });
  try {
    copyAttributes(root, '', made);
    for (const point of missing) makeOne(root, made, point);
  } catch (error) {
    fs.rmSync(made, { recursive: true });
    throw error;
  }
  return made;
}

function makeOne(root: string, made: string, { path: target, kind }: MountPoint): void {
  const parts = target.split('/').filter(Boolean);
  let count = parts.length - 1;
  let above = findInRoot(root, `/${parts.slice(0, count).join('/')}`);
  while (above === undefined && count > 0) above = findInRoot(root, `/${parts.slice(0, --count).join('/')}`);
  if (above === undefined || !above.stat.isDirectory()) return;
  let at = '';
  for (const part of above.path.split('/').filter(Boolean)) {
    at = at === '' ? part : `${at}/${part}`;
    const place = bytes(made, at);
    if (fs.existsSync(place)) continue;
    fs.mkdirSync(place);
    copyAttributes(root, at, place);
  }
  for (const [index, part] of parts.slice(count).entries()) {
    at = at === '' ? bytePath(part) : `${at}/${bytePath(part)}`;
    const place = bytes(made, at);
    if (fs.existsSync(place)) continue;
    const last = count + index === parts.length - 1;
    if (last && kind === 'file') fs.writeFileSync(place, '', { mode: 0o644 });
    else fs.mkdirSync(place, { mode: 0o755 });
  }
}

function copyAttributes(root: string, at: string, place: string | Buffer): void {
  const { uid, gid, mode, atime, mtime } = fs.lstatSync(bytes(root, at));
  fs.chownSync(place, uid, gid);
  fs.chmodSync(place, mode & 0o7777);
  fs.utimesSync(place, atime, mtime);
}

function bytePath(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** @param at without symlinks: found in the root, or made here */
function bytes(directory: string, at: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(at, 'latin1')]);
}
