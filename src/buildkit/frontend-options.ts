import type { BuildSettings } from '#engine/builds.ts';
import { type ContainerLimits, type NamedContext, parseGitUrl } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';
import { type Platform, parsePlatform } from '#image/platform.ts';

/** What the options of BuildKit's Dockerfile frontend say (frontend/dockerui/config.go). */
export interface FrontendOptions {
  /** Where the client has the build context: a directory that it offers, an archive that it sends, or a URL. */
  context:
    | { kind: 'local'; directory: string }
    | { kind: 'upload'; path: string }
    | { kind: 'remote'; remote: NonNullable<BuildSettings['context']> };
  /** The directory that the client offers, undefined: the Dockerfile is in the context. */
  dockerfileDirectory: string | undefined;
  dockerfile: string;
  /** Directories that the client offers, by the name of the context, in lower case. */
  localContexts: ReadonlyMap<string, string>;
  contexts: ReadonlyMap<string, NamedContext>;
  settings: Pick<
    BuildSettings,
    'target' | 'buildArgs' | 'platforms' | 'labels' | 'noCache' | 'pull' | 'network' | 'limits'
  > & { sourceDateEpoch?: number };
  /** Sessions other than the build's own that have a directory, by the client's name for it. */
  sessions: ReadonlyMap<string, string>;
  /** What is asked for instead of an image, such as `lint`. */
  call: string | undefined;
}

/** Options that change nothing here, and why. */
const meaningless: readonly RegExp[] = [
  // What the client can do.
  /^frontend\.caps$/,
  // Another frontend: the builder speaks the language itself.
  /^cmdline$/,
  /^source$/,
  // Facts for a provenance statement, which is not made.
  /^vcs:/,
  // Says what `cache-from` of the request says.
  /^cache-imports$/,
  // One platform is the only choice.
  /^multi-platform$/,
];

/** @throws InvalidParameter; Unsupported naming the option */
export function decodeFrontendOptions(options: ReadonlyMap<string, string>): FrontendOptions {
  const left = new Map(options);
  const take = (name: string): string | undefined => {
    const value = left.get(name);
    left.delete(name);
    return value;
  };
  const takeAll = (prefix: string): Map<string, string> => {
    const found = [...left].filter(([name]) => name.startsWith(prefix));
    return new Map(found.map(([name]) => [name.slice(prefix.length), take(name) ?? '']));
  };

  const buildArgs = takeAll('build-arg:');
  const epoch = decodeEpoch(buildArgs.get('SOURCE_DATE_EPOCH'));
  const context = decodeContext(take('context'), take('contextkey'), take('contextsubdir'));
  const dockerfileKey = take('dockerfilekey');
  const { localContexts, contexts } = decodeContexts(takeAll('context:'));
  const platforms = take('platform');
  const decoded: FrontendOptions = {
    context,
    dockerfileDirectory: dockerfileKey ?? (context.kind === 'local' ? 'dockerfile' : undefined),
    dockerfile: take('filename') || 'Dockerfile',
    localContexts,
    contexts,
    settings: {
      target: take('target') ?? '',
      buildArgs,
      platforms: decodePlatforms(platforms),
      labels: Object.fromEntries(takeAll('label:')),
      noCache: decodeNoCache(take('no-cache')),
      pull: take('image-resolve-mode') === 'pull',
      network: decodeNetwork(take('force-network-mode')),
      limits: decodeLimits(take),
      ...(epoch === undefined ? {} : { sourceDateEpoch: epoch }),
    },
    sessions: takeAll('local-sessionid:'),
    call: take('requestid')?.replace(/^frontend\./, ''),
  };
  const [unknown] = [...left.keys()].filter((name) => !meaningless.some((pattern) => pattern.test(name)));
  if (unknown !== undefined) {
    throw new DhowError('Unsupported', `the build option "${unknown.slice(0, 100)}" is not supported`);
  }
  return decoded;
}

function decodeContext(
  url: string | undefined,
  key: string | undefined,
  subdirectory: string | undefined,
): FrontendOptions['context'] {
  if (subdirectory !== undefined) {
    throw new DhowError('Unsupported', 'the build option "contextsubdir" is not supported');
  }
  if (url === undefined) return { kind: 'local', directory: key ?? 'context' };
  const uploaded = /^https?:\/\/buildkit-session(\/[\w./-]+)$/.exec(url)?.[1];
  if (uploaded !== undefined) return { kind: 'upload', path: uploaded };
  return { kind: 'remote', remote: decodeRemote(url) };
}

function decodeRemote(text: string): { git: NonNullable<ReturnType<typeof parseGitUrl>> } | { url: URL } {
  const git = parseGitUrl(text);
  if (git !== undefined) return { git };
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return { url };
  throw new DhowError(
    'Unsupported',
    `cannot build from "${text.slice(0, 200)}": only git, http and https URLs are supported`,
  );
}

function decodeContexts(given: ReadonlyMap<string, string>) {
  const localContexts = new Map<string, string>();
  const contexts = new Map<string, NamedContext>();
  for (const [written, value] of given) {
    const name = written.toLowerCase();
    if (!/^[a-z0-9][\w.:/@-]{0,254}$/.test(name) || name.includes('..') || name.includes('::')) {
      throw new DhowError('InvalidParameter', `"${written.slice(0, 100)}" is no name for a build context`);
    }
    const directory = /^local:(.+)$/.exec(value)?.[1];
    const reference = /^docker-image:\/\/(.+)$/.exec(value)?.[1];
    if (directory !== undefined) {
      localContexts.set(name, directory);
      contexts.set(name, { kind: 'directory' });
    } else if (reference !== undefined) contexts.set(name, { kind: 'image', reference });
    else {
      const remote = decodeRemote(value);
      contexts.set(name, 'git' in remote ? { kind: 'git', ...remote } : { kind: 'url', ...remote });
    }
  }
  return { localContexts, contexts };
}

function decodePlatforms(text: string | undefined): Platform[] {
  if (text === undefined || text === '') return [];
  return text.split(',').map((one) => parsePlatform(one));
}

/** Present and empty: nothing is taken from the cache; else names of stages. */
function decodeNoCache(text: string | undefined): 'all' | string[] {
  if (text === undefined) return [];
  return text === '' ? 'all' : text.split(',').map((name) => name.toLowerCase());
}

function decodeNetwork(mode: string | undefined): string {
  switch (mode) {
    case undefined:
    case '':
    case 'sandbox':
      return 'default';
    case 'host':
    case 'none':
      return mode;
    default:
      throw new DhowError('InvalidParameter', `unknown network mode "${mode.slice(0, 60)}" of a build`);
  }
}

function decodeEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new DhowError(
    'InvalidParameter',
    `SOURCE_DATE_EPOCH must be a number of seconds since 1970, not "${text.slice(0, 60)}"`,
  );
}

function decodeLimits(take: (name: string) => string | undefined): ContainerLimits {
  const shmSize = take('shm-size');
  const cgroupParent = take('cgroup-parent');
  if (shmSize !== undefined && !/^\d{1,15}$/.test(shmSize)) {
    throw new DhowError(
      'InvalidParameter',
      `shm-size must be a number of bytes, not "${shmSize.slice(0, 60)}"`,
    );
  }
  return {
    ...(shmSize === undefined ? {} : { shmSizeBytes: Number(shmSize) }),
    ...(cgroupParent ? { cgroupParent } : {}),
    rlimits: commaSeparated(take('ulimit')).map(decodeUlimit),
    // `name=address` here, `name:address` in the builder.
    extraHosts: commaSeparated(take('add-hosts')).map((host) => host.replace('=', ':')),
  };
}

/** `nofile=1024:2048` */
function decodeUlimit(text: string): ContainerLimits['rlimits'][number] {
  const [, name, soft, hard = soft] = /^([a-z]+)=(-?\d{1,15})(?::(-?\d{1,15}))?$/.exec(text) ?? [];
  if (name === undefined) throw new DhowError('InvalidParameter', `invalid ulimit "${text.slice(0, 60)}"`);
  return { name, soft: Number(soft), hard: Number(hard) };
}

function commaSeparated(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}
