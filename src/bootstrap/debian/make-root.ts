import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool, type Tool } from '#bootstrap/debian/run-tool.ts';
import { manualDirectories, settingsFiles, settingsTar, slimSettings } from '#bootstrap/debian/settings.ts';
import { DhowError } from '#errors/error.ts';

const mmdebstrap: Tool = { program: 'mmdebstrap', package: 'mmdebstrap' };
// Links /bin to /usr/bin and so on before the first package comes, in the releases that want it so.
const mergedUsr = '/usr/share/mmdebstrap/hooks/maybe-merged-usr';

const skipped = [
  // The runtime mounts devices of its own.
  'output/dev',
  // It would remove the image's own in the end; no package of this set has a service to start.
  'chroot/policy-rc.d',
  // It runs the host's apt with the image's settings, whose commands would then remove files of the host.
  'cleanup/apt',
];

/**
 * Files that are the host's, that the settings replace, or that apt can fetch and compute again: they would make the image another one on
 * another machine, or larger.
 */
const notOfTheImage = [
  'var/lib/apt/lists/*_*',
  'var/lib/apt/lists/auxfiles',
  'var/cache/apt/archives/*.deb',
  'etc/resolv.conf',
  'etc/hostname',
  'etc/apt/sources.list',
  'etc/dpkg/dpkg.cfg.d/99mmdebstrap',
  'var/cache/apt/*.bin',
];

export interface RootRequest {
  readonly codename: string;
  /** Debian's name. */
  readonly architecture: string;
  readonly slim: boolean;
  readonly sourceLines: readonly string[];
  /** Content of the image's `debian.sources`. */
  readonly sourcesFile: string;
  /** No file of the image is younger. */
  readonly date: Date;
}

/**
 * Writes the root file system of Debian's smallest set of packages with apt as a tar.
 *
 * @param directory an empty one for what is in the way; the tar is in it
 * @returns the tar's path
 * @throws Unavailable with the last words of mmdebstrap; NotFound where it is not installed; Cancelled
 */
export async function makeRoot(
  request: RootRequest,
  {
    directory,
    signal,
    onMessage,
  }: { directory: string; signal: AbortSignal; onMessage: (line: string) => void },
): Promise<string> {
  const sourcesFile = {
    path: 'etc/apt/sources.list.d/debian.sources',
    mode: 0o644,
    text: request.sourcesFile,
  };
  const settings = join(directory, 'settings.tar');
  await writeFile(
    settings,
    request.slim
      ? settingsTar([...settingsFiles, sourcesFile, slimSettings], manualDirectories)
      : settingsTar([...settingsFiles, sourcesFile], []),
  );
  const root = join(directory, 'root.tar');
  const dpkgSettings = request.slim ? `force-unsafe-io\n${slimSettings.text}` : 'force-unsafe-io\n';
  const dpkgConfig = join(directory, 'dpkg.cfg');
  await writeFile(dpkgConfig, dpkgSettings);
  const args = [
    '--variant=minbase',
    '--format=tar',
    `--skip=${skipped.join(',')}`,
    `--architectures=${request.architecture}`,
    `--hook-dir=${mergedUsr}`,
    `--dpkgopt=${dpkgConfig}`,
    `--customize-hook=rm -rf ${notOfTheImage.map((path) => `"$1"/${path}`).join(' ')}`,
    `--customize-hook=tar-in '${settings}' /`,
    request.codename,
    root,
    ...request.sourceLines,
  ];
  const environment = {
    SOURCE_DATE_EPOCH: String(Math.floor(request.date.getTime() / 1000)),
    TMPDIR: directory,
  };
  const { succeeded, messages } = await runTool(mmdebstrap, args, {
    signal,
    environment,
    onMessage: (line) => {
      if (isForPeople(line)) onMessage(line);
    },
  });
  if (succeeded) return root;
  throw new DhowError('Unavailable', `mmdebstrap could not make the image:\n${messages.join('\n')}`);
}

/** Warnings, and what mmdebstrap does next; not the hundreds of lines of apt and dpkg. */
function isForPeople(line: string): boolean {
  return /^(W: |I: [^/]*\.\.\.$)/.test(line);
}
