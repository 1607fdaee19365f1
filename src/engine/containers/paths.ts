import path from 'node:path';
import type { ContainerSettings } from '#engine/container-settings.ts';

export interface ContainerPaths {
  directory: string;
  /** Where the overlay is mounted while the container runs. */
  root: string;
  /** Where parts of volumes, and images, are mounted to be mounted from; there when somebody needs it. */
  sources: string;
  log: string;
  /** How far the log has been sent to where its driver wants it. In a directory of its own: that of the log is watched. */
  logCursor: string;
  hosts: string;
  hostname: string;
  resolv: string;
}

export function pathsOf(containersDirectory: string, id: string): ContainerPaths {
  // Asked for each container of a list, for which `path.join` is dear.
  const directory = `${containersDirectory}/${id}`;
  return {
    directory,
    root: `${directory}/root`,
    sources: `${directory}/sources`,
    log: `${directory}/log`,
    logCursor: `${directory}/forwarding/sent`,
    hosts: `${directory}/hosts`,
    hostname: `${directory}/hostname`,
    resolv: `${directory}/resolv.conf`,
  };
}

/**
 * Holds the writable layer (`upper` and `work`). One with a size limit has a directory of its own: a container that fills it can still
 * log and be started.
 */
export function writableDirectory(paths: ContainerPaths, { host }: ContainerSettings): string {
  return host.storageOptions['size'] === undefined ? paths.directory : path.join(paths.directory, 'limited');
}
