import fs from 'node:fs';

/**
 * Features that a distribution may have switched on for all overlays and that do harm here: with them a container's
 * upper directory is no complete record of its changes (redirects, metadata-only copies), or cannot be mounted over
 * other lower directories again (index). What is off anyway is not mentioned, so that kernels without it work.
 */
export function neededOptions(): [string, string][] {
  return ['index', 'metacopy', 'redirect_dir']
    .filter((name) => isSwitchedOn(`/sys/module/overlay/parameters/${name}`))
    .map((name) => [name, 'off']);
}

function isSwitchedOn(parameterFile: string): boolean {
  try {
    return fs.readFileSync(parameterFile, 'utf8').startsWith('Y');
  } catch {
    return false;
  }
}
