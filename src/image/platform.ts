import { DhowError } from '#errors/error.ts';

/** OCI image-spec image-index.md, "platform". */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
  'os.version'?: string;
  'os.features'?: string[];
}

/** The part of a platform that names which code runs; an image configuration has it too. */
export type PlatformName = Pick<Platform, 'os' | 'architecture' | 'variant'>;

const knownSystems = new Set(
  'aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris windows'.split(' '),
);

/** Go's names, which the OCI specification prescribes, by the names that people and uname(1) use. */
const architectureAliases: Readonly<Record<string, PlatformName['architecture']>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  i386: '386',
  i686: '386',
  ia32: '386',
  ppc64el: 'ppc64le',
  mipsel: 'mipsle',
  loongarch64: 'loong64',
};

const knownArchitectures = new Set(
  '386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm'.split(' '),
);

/**
 * Reads `os/architecture[/variant]`, or one word that is an operating system (its architecture is then the host's) or
 * an architecture (of Linux). The result is normalised.
 *
 * @throws InvalidParameter
 */
export function parsePlatform(text: string, host?: PlatformName): Platform {
  const parts = text.split('/');
  const wellFormed =
    text.length <= 128 && parts.length <= 3 && parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part));
  if (!wellFormed) throw invalidPlatform(text, 'expected os/architecture[/variant], such as linux/arm64');
  const [first = '', second, variant] = parts;
  if (second !== undefined) {
    return normalizePlatform({
      os: first,
      architecture: second,
      ...(variant === undefined ? {} : { variant }),
    });
  }
  const word = first.toLowerCase();
  const asArchitecture = normalizePlatform({ os: 'linux', architecture: word });
  if (knownArchitectures.has(asArchitecture.architecture)) return asArchitecture;
  const os = normalizeSystem(word);
  if (!knownSystems.has(os)) throw invalidPlatform(text, 'unknown operating system or architecture');
  if (!host) throw invalidPlatform(text, `name the architecture too, such as ${os}/amd64`);
  return normalizePlatform({ ...host, os });
}

/** `linux/arm/v7`; what is unknown is left out at the end. */
export function formatPlatform(platform: PlatformName): string {
  return [platform.os || 'unknown', platform.architecture || 'unknown', platform.variant]
    .filter((part) => part)
    .join('/');
}

/** The part of an image configuration that is its platform. */
export function platformOfConfig({ os, architecture, variant }: PlatformName): Platform {
  return { os, architecture, ...(variant ? { variant } : {}) };
}

/** @param processArchitecture Node's `process.arch` */
export function hostPlatform(processArchitecture: string): Platform {
  const architecture = processArchitecture === 'ppc64' ? 'ppc64le' : processArchitecture;
  return normalizePlatform({ os: 'linux', architecture });
}

/** Go's names and default variants left out or made explicit, so that equal platforms are equal texts. */
export function normalizePlatform(platform: Platform): Platform {
  const os = normalizeSystem(platform.os.toLowerCase());
  const given = platform.architecture.toLowerCase();
  let architecture = architectureAliases[given] ?? given;
  let variant = platform.variant?.toLowerCase() || undefined;
  if (architecture === 'armhf') [architecture, variant] = ['arm', 'v7'];
  else if (architecture === 'armel') [architecture, variant] = ['arm', 'v6'];
  if (architecture === 'arm' && variant === undefined) variant = 'v7';
  if (variant !== undefined && /^[0-9]/.test(variant)) variant = `v${variant}`;
  if (architecture === 'arm64' && variant === 'v8') variant = undefined;
  if (architecture === 'amd64' && variant === 'v1') variant = undefined;
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(platform['os.version'] === undefined ? {} : { 'os.version': platform['os.version'] }),
    ...(platform['os.features'] === undefined ? {} : { 'os.features': platform['os.features'] }),
  };
}

/**
 * Whether an image for `platform` runs where `wanted` is asked for, possibly by an older variant. An image that does not
 * name its architecture (very old ones do not) is given the benefit of the doubt.
 */
export function matchesPlatform(platform: PlatformName, wanted: PlatformName): boolean {
  if (platform.architecture === '') return normalizeSystem(platform.os) === normalizeSystem(wanted.os);
  return rankOf(platform, runnable(wanted)) !== -1;
}

/** What the choice of a platform looks at; a descriptor of an index is one. */
export interface PlatformCandidate {
  platform?: Platform;
  annotations?: Record<string, string>;
}

/**
 * The best fit for `wanted`: the very variant, else the next older one, else a 32-bit image that the same processor runs
 * (Docker does so too). The first of equals wins. An index whose only image does not name its platform yields that image.
 */
export function choosePlatform<Candidate extends PlatformCandidate>(
  candidates: readonly Candidate[],
  wanted: PlatformName,
): Candidate | undefined {
  const order = runnable(wanted);
  const images = candidates.filter((candidate) => !isAttestation(candidate));
  let best: { candidate: Candidate; rank: number } | undefined;
  for (const candidate of images) {
    if (!candidate.platform) continue;
    const rank = rankOf(candidate.platform, order);
    if (rank !== -1 && (!best || rank < best.rank)) best = { candidate, rank };
  }
  if (best) return best.candidate;
  return images.length === 1 && !images[0]?.platform ? images[0] : undefined;
}

/** The platforms of an index, for a message. */
export function listPlatforms(candidates: readonly PlatformCandidate[]): string[] {
  const named = candidates.filter((candidate) => !isAttestation(candidate));
  return [...new Set(named.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])))];
}

/** BuildKit puts provenance and SBOM manifests beside the images of an index and marks them so. */
function isAttestation({ platform, annotations }: PlatformCandidate): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] !== undefined ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

function rankOf(platform: PlatformName, order: readonly string[]): number {
  return order.indexOf(formatPlatform(normalizePlatform(platform)));
}

/** Texts of all platforms whose code runs on `wanted`, best first. */
function runnable(wanted: PlatformName): string[] {
  const { os, architecture, variant } = normalizePlatform(wanted);
  const on = (architecture: string, variants: readonly (string | undefined)[]): string[] =>
    variants.map((variant) => formatPlatform({ os, architecture, ...(variant ? { variant } : {}) }));
  switch (architecture) {
    case 'amd64':
      return [...on('amd64', downFrom(variant, ['v4', 'v3', 'v2', undefined])), ...on('386', [undefined])];
    case 'arm64':
      return [...on('arm64', arm64Variants(variant)), ...on('arm', ['v8', 'v7', 'v6', 'v5'])];
    case 'arm':
      return on('arm', downFrom(variant, ['v8', 'v7', 'v6', 'v5']));
    default:
      return on(architecture, [variant]);
  }
}

function downFrom(variant: string | undefined, order: (string | undefined)[]): (string | undefined)[] {
  const start = order.indexOf(variant);
  return start === -1 ? [variant] : order.slice(start);
}

/** Minor revisions (`v8.2`, `v9`) run what the baseline v8 runs. */
function arm64Variants(variant: string | undefined): (string | undefined)[] {
  return variant === undefined ? [undefined] : [variant, undefined];
}

function normalizeSystem(os: string): string {
  return os === 'macos' ? 'darwin' : os;
}

function invalidPlatform(text: string, why: string): DhowError {
  return new DhowError('InvalidParameter', `invalid platform ${JSON.stringify(text.slice(0, 128))}: ${why}`);
}
