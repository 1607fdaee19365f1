import path from 'node:path';

export interface ContainerPaths {
  directory: string;
  /** Where the overlay is mounted while the container runs. */
  root: string;
  log: string;
  hosts: string;
  hostname: string;
  resolv: string;
}

export function pathsOf(containersDirectory: string, id: string): ContainerPaths {
  const directory = path.join(containersDirectory, id);
  return {
    directory,
    root: path.join(directory, 'root'),
    log: path.join(directory, 'log'),
    hosts: path.join(directory, 'hosts'),
    hostname: path.join(directory, 'hostname'),
    resolv: path.join(directory, 'resolv.conf'),
  };
}
