import type { FileChange, FileStatus } from '#engine/files.ts';
import type { FilesystemChange, PathStat } from '#wire/archive.ts';
import { toGoFileMode } from '#wire/file-mode.ts';

/** The value of the header `X-Docker-Container-Path-Stat`. */
export function encodePathStat(status: FileStatus): string {
  const { seconds, nanoseconds } = status.modifiedAt;
  const wholeSeconds = new Date(seconds * 1000).toISOString().slice(0, 19);
  const stat: PathStat = {
    name: status.name,
    size: status.sizeBytes,
    mode: toGoFileMode(status.mode),
    mtime: `${wholeSeconds}.${String(nanoseconds).padStart(9, '0')}Z`,
    linkTarget: status.linkTarget,
  };
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}

const kinds = { modified: 0, added: 1, deleted: 2 } as const satisfies Record<FileChange['kind'], number>;

/** null when nothing was changed, as Docker's. */
export function encodeChanges(changes: readonly FileChange[]): FilesystemChange[] | null {
  if (changes.length === 0) return null;
  return changes.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
}
