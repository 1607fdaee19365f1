import { access, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRoot } from '#bootstrap/debian/make-root.ts';
import { fetchRelease, type Release } from '#bootstrap/debian/release.ts';
import { keyring, type Source, sourceLines, sourcesFile, sourcesOf } from '#bootstrap/debian/sources.ts';
import { type DebianBase, debianArchitecture } from '#bootstrap/debian-base.ts';
import { imageArchive } from '#bootstrap/image-archive.ts';
import type { ChosenMirrors } from '#bootstrap/mirrors.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageConfig } from '#image/config.ts';
import type { PlatformName } from '#image/platform.ts';

export interface BootstrapRequest {
  readonly base: DebianBase;
  readonly platform: PlatformName;
  readonly mirrors: ChosenMirrors;
  /** With a tag; it does not take part in the image id. */
  readonly imageName: string;
}

export interface BootstrapContext {
  readonly signal: AbortSignal;
  /** Gets a line for each step, and warnings. */
  readonly onMessage: (line: string) => void;
}

/** To be disposed after the archive has been read. */
export interface BootstrappedImage extends AsyncDisposable {
  readonly archive: AsyncIterable<Uint8Array>;
}

/**
 * Makes a base image of Debian from Debian's archive, without a registry. This room runs where the command line runs: its result is an
 * archive for `POST /images/load`, and what it trusts is the keyring of the user's machine.
 *
 * Nothing counts that is not signed by Debian: apt checks each package through the lists of packages up to the signed `InRelease`. What
 * comes out is decided by the state of the archive alone: two runs at the same state give the same image id.
 *
 * @throws NotFound for a tool, a keyring or a suite that is not there; InvalidParameter for a platform that Debian does not have;
 *   DataLoss for a wrong signature; Unavailable when something cannot be fetched; Cancelled. Nothing is left then.
 */
export async function bootstrapDebian(
  { base, platform, mirrors, imageName }: BootstrapRequest,
  { signal, onMessage }: BootstrapContext,
): Promise<BootstrappedImage> {
  const architecture = debianArchitecture(platform);
  await access(keyring).catch((error: unknown) => {
    const remedy = "install Debian's package debian-archive-keyring";
    throw new DhowError('NotFound', `without ${keyring} no signature can be checked: ${remedy}`, {
      cause: error,
    });
  });

  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'dhow-bootstrap-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  // apt and dpkg run as other users now and then.
  await chmod(directory, 0o755);

  const releaseOf = (source: Source): Promise<Release> =>
    fetchRelease(source, { keyring, directory, signal });
  const release = await releaseOf({ mirror: mirrors.source.main, suite: base.suite });
  const { codename } = release;
  if (!release.architectures.includes(architecture)) {
    throw new DhowError(
      'InvalidParameter',
      `Debian ${codename} is not made for ${architecture}, only for ${release.architectures.join(', ')}`,
    );
  }
  const sources = sourcesOf(mirrors.source, codename);
  let date = release.date;
  for (const source of sources.slice(1)) {
    const other = await releaseOf(source);
    if (other.date > date) date = other.date;
  }

  const root = await makeRoot(
    {
      codename,
      architecture,
      slim: base.slim,
      sourceLines: sourceLines(sources, mirrors.isSnapshot),
      sourcesFile: sourcesFile(sourcesOf(mirrors.ofImage, codename)),
      date,
    },
    { directory, signal, onMessage },
  );
  const archive = await imageArchive(root, describeImage(release, base.slim, date, platform), imageName);
  const owned = stack.move();
  return { archive, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function describeImage(
  { codename, version }: Release,
  slim: boolean,
  date: Date,
  { os, architecture, variant }: PlatformName,
): Omit<ImageConfig, 'rootfs'> {
  const created = date.toISOString();
  return {
    created,
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: ['bash'],
    },
    history: [
      {
        created,
        created_by: `dhow image bootstrap debian:${codename}${slim ? '-slim' : ''}`,
        comment: `Debian ${version ?? codename}, its archive of ${created}`,
      },
    ],
  };
}
