import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';

/**
 * Settings that users of Docker's official Debian images rely on. The names of the files are those of the official images, since
 * Dockerfiles remove or replace some of them (`rm /etc/apt/apt.conf.d/docker-clean` before `RUN --mount=type=cache`).
 */
export interface SettingsFile {
  /** Below the root, without a slash at the start. */
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

const removeDownloads =
  '"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true";';

export const settingsFiles: readonly SettingsFile[] = [
  {
    path: 'etc/apt/apt.conf.d/docker-clean',
    mode: 0o644,
    text: `# Packages that were installed, and indexes that apt can make again, are no use in a layer.
DPkg::Post-Invoke { ${removeDownloads} };
APT::Update::Post-Invoke { ${removeDownloads} };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`,
  },
  {
    path: 'etc/apt/apt.conf.d/docker-gzip-indexes',
    mode: 0o644,
    text: `# Lists of packages stay compressed, for those who do not remove them.
Acquire::GzipIndexes "true";
`,
  },
  {
    path: 'etc/apt/apt.conf.d/docker-no-languages',
    mode: 0o644,
    text: `# No translations of the descriptions of packages.
Acquire::Languages "none";
`,
  },
  {
    path: 'etc/apt/apt.conf.d/docker-autoremove-suggests',
    mode: 0o644,
    text: `# A package that is merely suggested by another one is removed with what it came for.
APT::AutoRemove::SuggestsImportant "false";
`,
  },
  {
    path: 'etc/dpkg/dpkg.cfg.d/docker-apt-speedup',
    mode: 0o644,
    text: `# A build that was cut is begun again, so nothing is gained by writing each file through to the disk.
force-unsafe-io
`,
  },
  {
    path: 'usr/sbin/policy-rc.d',
    mode: 0o755,
    text: `#!/bin/sh
# Packages start no services at their installation: a container starts its own program.
exit 101
`,
  },
];

/** What the slim images leave out. dpkg obeys it for packages that are installed later, too. */
export const slimSettings: SettingsFile = {
  path: 'etc/dpkg/dpkg.cfg.d/docker',
  mode: 0o644,
  text: `path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/groff/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/linda/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/locale.alias
path-exclude=/usr/share/man/*
`,
};

/** Packages that install an alternative of a manual page fail where its directory is missing. */
export const manualDirectories = [1, 2, 3, 4, 5, 6, 7, 8].map((section) => `usr/share/man/man${section}/`);

/** The files as a tar to be unpacked over the root. Their times are those of 1970: the image's are never younger. */
export function settingsTar(files: readonly SettingsFile[], directories: readonly string[]): Buffer {
  const entries = files.map(({ path, mode, text }) => {
    const content = Buffer.from(text);
    const header = tarHeader({ type: 'file', name: path, mode, sizeBytes: content.length });
    return Buffer.concat([header, content, tarPadding(content.length)]);
  });
  const empty = directories.map((name) => tarHeader({ type: 'directory', name, mode: 0o755 }));
  return Buffer.concat([...entries, ...empty, tarTrailer()]);
}
