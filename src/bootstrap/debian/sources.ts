import type { Mirrors } from '#bootstrap/mirrors.ts';

export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A suite that packages come from. */
export interface Source {
  readonly mirror: string;
  readonly suite: string;
}

/** The release first, then its updates. `sid` is changed in place, and so has none. */
export function sourcesOf(mirrors: Mirrors, codename: string): readonly Source[] {
  const main = { mirror: mirrors.main, suite: codename };
  if (codename === 'sid') return [main];
  return [
    main,
    { mirror: mirrors.main, suite: `${codename}-updates` },
    { mirror: mirrors.security, suite: `${codename}-security` },
  ];
}

/** Lines for mmdebstrap. apt takes nothing from them that is not signed by a key of the keyring, and nothing that is out of date. */
export function sourceLines(sources: readonly Source[], isSnapshot: boolean): string[] {
  const validity = isSnapshot ? ' check-valid-until=no' : '';
  return sources.map(({ mirror, suite }) => `deb [signed-by=${keyring}${validity}] ${mirror} ${suite} main`);
}

/** The image's own `debian.sources`. https://manpages.debian.org/sources.list */
export function sourcesFile(sources: readonly Source[]): string {
  const mirrors = [...new Set(sources.map(({ mirror }) => mirror))];
  return mirrors
    .map((mirror) => {
      const suites = sources.filter((source) => source.mirror === mirror).map(({ suite }) => suite);
      return `Types: deb\nURIs: ${mirror}\nSuites: ${suites.join(' ')}\nComponents: main\nSigned-By: ${keyring}\n`;
    })
    .join('\n');
}
