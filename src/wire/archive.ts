/** What the header `X-Docker-Container-Path-Stat` holds, as base64 of JSON. */
export interface PathStat {
  name: string;
  size: number;
  /** Go's os.FileMode; see `file-mode.ts`. */
  mode: number;
  /** RFC 3339 */
  mtime: string;
  linkTarget: string;
}

export const pathStatHeader = 'X-Docker-Container-Path-Stat';

/** A row of `GET /containers/{id}/changes`. */
export interface FilesystemChange {
  Path: string;
  /** 0: modified, 1: added, 2: deleted */
  Kind: 0 | 1 | 2;
}
