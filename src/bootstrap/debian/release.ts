import { join } from 'node:path';
import { runTool, type Tool } from '#bootstrap/debian/run-tool.ts';
import type { Source } from '#bootstrap/debian/sources.ts';
import { DhowError } from '#errors/error.ts';

/** What Debian signed of one suite. https://wiki.debian.org/DebianRepository/Format, "Release" files */
export interface Release {
  readonly codename: string;
  /** `12.12`; unreleased suites have none. */
  readonly version: string | undefined;
  /** When the archive was last changed. */
  readonly date: Date;
  readonly architectures: readonly string[];
}

// apt's own downloader, so that the transports and proxies are apt's.
const downloader: Tool = { program: '/usr/lib/apt/apt-helper', package: 'apt' };
const verifier: Tool = { program: 'gpgv', package: 'gpgv' };

/**
 * Fetches the signed description of a suite and checks the signature.
 *
 * @param directory where the downloaded file may lie
 * @throws NotFound when the mirror has no such suite; Unavailable when it cannot be asked; DataLoss for a wrong signature
 */
export async function fetchRelease(
  { mirror, suite }: Source,
  { keyring, directory, signal }: { keyring: string; directory: string; signal: AbortSignal },
): Promise<Release> {
  const url = `${mirror}/dists/${suite}/InRelease`;
  const file = join(directory, `InRelease-${suite}`);
  const download = ['-o', 'APT::Sandbox::User=root', 'download-file', url, file];
  const downloaded = await runTool(downloader, download, { signal });
  if (!downloaded.succeeded) {
    const reason = downloaded.messages.find((line) => line.startsWith('E: '))?.slice(3) ?? `no ${url}`;
    if (/ 404 |No such file/.test(reason))
      throw new DhowError('NotFound', `${mirror} has no suite "${suite}": ${reason}`);
    throw new DhowError('Unavailable', reason);
  }
  const verified = await runTool(verifier, ['--keyring', keyring, '--output', '-', file], { signal });
  if (!verified.succeeded) {
    const words = verified.messages.join('\n');
    throw new DhowError('DataLoss', `${url} is not signed by a key of ${keyring}:\n${words}`);
  }
  // What gpgv prints is what was signed; the file may have more.
  return parseRelease(verified.output, url);
}

/**
 * @param url for messages
 * @throws DataLoss when a field is missing or malformed
 */
export function parseRelease(text: string, url: string): Release {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value.trim());
  }
  const field = (key: string): string => {
    const value = fields.get(key);
    if (value === undefined) throw new DhowError('DataLoss', `${url} has no field ${key}`);
    return value;
  };
  const date = new Date(field('Date'));
  const codename = field('Codename');
  // It becomes a part of URLs and of lines that apt reads.
  if (Number.isNaN(date.getTime()) || !/^[a-z]+(-[a-z]+)*$/.test(codename))
    throw new DhowError('DataLoss', `${url} has a malformed Date or Codename`);
  return {
    codename,
    version: fields.get('Version'),
    date,
    architectures: field('Architectures').split(' '),
  };
}
