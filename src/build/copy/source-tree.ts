import type { TarHeader } from '#archive/read-tar.ts';

/**
 * A tree of files that a step copies from: the build context, or the file system of a stage or an image. Paths are *byte
 * paths* (one character for each byte, see sys/file-tree.ts), relative to the root, without `.`, `..` or slashes at the
 * ends; '' is the root. Links never lead out of the tree.
 */
export interface SourceTree {
  /** Follows symlinks, the last one too. @returns undefined when nothing is there */
  find(path: string): Promise<SourceNode | undefined>;
  /** Names in a directory, sorted. @param path as `find` resolved it */
  list(path: string): Promise<string[]>;
  /**
   * Everything at and below a resolved path, parents first. Names are relative to it; '' is the thing itself. A body must be
   * read before the next entry is asked for, or not at all.
   */
  entries(path: string, signal: AbortSignal): AsyncIterable<SourceEntry>;
}

export interface SourceNode {
  /** Without symlinks. */
  path: string;
  isDirectory: boolean;
}

export interface SourceEntry {
  name: string;
  header: EntryHeader;
  /** Content of a file. */
  body: () => AsyncIterable<Uint8Array>;
  /** SHA-256 of the content in hexadecimal, where it is known without reading. */
  contentSha256?: string;
}

/** What a copy keeps of an entry besides its name and content. Of a hard link, `linkName` is the other entry's name. */
export type EntryHeader = Pick<
  TarHeader,
  | 'type'
  | 'linkNameBytes'
  | 'sizeBytes'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'modifiedAt'
  | 'deviceMajor'
  | 'deviceMinor'
  | 'xattrs'
>;

export function toBytePath(text: string): string {
  return Buffer.from(text).toString('latin1');
}

export function fromBytePath(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}
