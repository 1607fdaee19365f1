import { DhowError } from '#errors/error.ts';
import { formatPlatform, type PlatformName } from '#image/platform.ts';

/** A base image of Debian as the tags of `debian` name them: `bookworm`, `bookworm-slim`. */
export interface DebianBase {
  /** Codename or class (`stable`) of the release, as the archive's `dists` directory has it. */
  readonly suite: string;
  /** Without manual pages, translations and documentation other than licences. */
  readonly slim: boolean;
}

/** @throws Unsupported for another distribution; InvalidParameter for what names no release */
export function parseDebianBase(name: string, tag: string | undefined): DebianBase {
  if (!/^((docker\.io\/)?library\/)?debian$/.test(name)) {
    throw new DhowError('Unsupported', `cannot bootstrap ${name}: only debian, such as debian:bookworm-slim`);
  }
  const [, suite = '', slim] = /^([a-z]{1,40})(-slim)?$/.exec(tag ?? '') ?? [];
  if (suite === '' || suite === 'latest') {
    throw new DhowError(
      'InvalidParameter',
      `name a release of Debian by its codename, such as debian:bookworm or debian:bookworm-slim, not "${name}${tag === undefined ? '' : `:${tag}`}"`,
    );
  }
  return { suite, slim: slim !== undefined };
}

/** OCI's names of processors by Debian's: https://wiki.debian.org/SupportedArchitectures */
const debianNames: Readonly<Record<string, string>> = {
  'linux/386': 'i386',
  'linux/amd64': 'amd64',
  'linux/arm/v5': 'armel',
  'linux/arm/v6': 'armel',
  'linux/arm/v7': 'armhf',
  'linux/arm64': 'arm64',
  'linux/loong64': 'loong64',
  'linux/mips64le': 'mips64el',
  'linux/ppc64le': 'ppc64el',
  'linux/riscv64': 'riscv64',
  'linux/s390x': 's390x',
};

/** @throws InvalidParameter for a platform that Debian has no name for */
export function debianArchitecture(platform: PlatformName): string {
  const name = debianNames[formatPlatform(platform)];
  if (name !== undefined) return name;
  throw new DhowError(
    'InvalidParameter',
    `Debian is not made for ${formatPlatform(platform)}; it is for ${Object.keys(debianNames).join(', ')}`,
  );
}
