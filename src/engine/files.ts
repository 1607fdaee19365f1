import type { PathStatus } from '#archive/tree-view.ts';

/**
 * The files of a container, whether it runs or not, volumes and bind mounts included, as its processes see them. Whatever links
 * the container puts in the way, no path leaves its root. A container that does not run is locked while its files are
 * worked on, so that it does not start under them.
 *
 * @throws NotFound for the container and for the path
 */
export interface ContainerFiles {
  /** The last name is not followed, unless the path ends with a slash. */
  stat(nameOrId: string, path: string): Promise<FileStatus>;
  /**
   * A tar archive of a file or a directory, whose entries begin with the path's last name. The status is known before the first
   * byte. The archive must be read, as it may hold the container's lock; leaving its loop is enough.
   */
  read(
    nameOrId: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ status: FileStatus; archive: AsyncIterable<Uint8Array> }>;
  /**
   * Unpacks a tar archive, compressed or not, into a directory that is there.
   * @throws InvalidParameter when the path is no directory or the archive is malformed; Forbidden when the root or the volume is
   *   read-only; ResourceExhausted
   */
  write(
    nameOrId: string,
    path: string,
    archive: AsyncIterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<void>;
  /** The whole root as a tar archive, without volumes. */
  exportRoot(nameOrId: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** What the container changed in its image's files, sorted by path. */
  changes(nameOrId: string): Promise<FileChange[]>;
}

export interface FileStatus extends PathStatus {
  /** The last part of the path as it was asked for; `/` for the root. */
  name: string;
}

export interface WriteOptions {
  /** Neither does a file replace a directory nor a directory a file. */
  keepTypes: boolean;
  /** What is written shall belong to the container's user, if it has one that is not root. */
  ownedByUser: boolean;
  signal: AbortSignal;
}

export interface FileChange {
  path: string;
  kind: 'modified' | 'added' | 'deleted';
}
