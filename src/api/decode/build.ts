import { jsonParameter, jsonStringMap, jsonStrings } from '#api/decode/json-parameter.ts';
import { decodeRegistryConfig } from '#api/decode/registry-config.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Query } from '#api/http/query.ts';
import { type BuildSettings, type ContainerLimits, type NamedContext, parseGitUrl } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';
import { formatPlatform, type Platform, parsePlatform } from '#image/platform.ts';
import { parseReference } from '#image/reference.ts';

/** Docker's smallest limit of memory. */
const minimumMemoryBytes = 6 * 1024 * 1024;
/** More than there are. */
const maxPlatforms = 32;

/** Docker's own parameters of `POST /build` come as they are; those of Dhow's CLI begin with `dhow-`. */
export type DecodedBuild = Omit<BuildSettings, 'onEvent'>;

/** @throws InvalidParameter, Unsupported naming the parameter */
export function decodeBuild(exchange: Exchange): DecodedBuild {
  const { query, request, signal } = exchange;
  refuse(query);
  const buildArgs = jsonStringMap(query, 'buildargs', { nullable: true });
  const sourceDateEpoch = decodeEpoch(buildArgs.get('SOURCE_DATE_EPOCH'));
  const remote = query.text('remote');
  const secrets = decodeSecrets(exchange.header('x-dhow-build-secrets'));
  const agents = jsonStringMap(query, 'dhow-ssh', { nullable: false });
  const credentials = decodeRegistryConfig(exchange.header('x-registry-config'));
  return {
    context: remote === '' ? { archive: request } : decodeRemote(remote),
    dockerfile: { path: query.optionalText('dockerfile') ?? 'Dockerfile' },
    target: query.text('target'),
    buildArgs,
    platforms: decodePlatforms(query.text('platform')),
    tags: query.texts('t').filter(Boolean).map(decodeTag),
    labels: Object.fromEntries(jsonStringMap(query, 'labels', { nullable: false })),
    annotations: decodeAnnotations(query),
    noCache: query.flag('nocache')
      ? 'all'
      : query.texts('dhow-no-cache-filter').map((name) => name.toLowerCase()),
    contexts: decodeContexts(query),
    cacheFrom: jsonStrings(query, 'cachefrom'),
    // What clients of BuildKit say.
    inlineCache: query.flag('dhow-inline-cache') || buildArgs.get('BUILDKIT_INLINE_CACHE') === '1',
    ...(query.flag('dhow-cache-image')
      ? { cacheImage: { tags: query.texts('dhow-cache-tag').filter(Boolean).map(decodeTag) } }
      : {}),
    pull: query.flag('pull'),
    ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
    network: decodeNetwork(query.text('networkmode')),
    allowInsecure: query.texts('dhow-allow').includes('security.insecure'),
    limits: decodeLimits(query),
    secret: async (id) => secrets.get(id),
    agent: async (id) => agents.get(id),
    keepFailed: query.flag('dhow-keep-failed'),
    checkOnly: query.flag('dhow-check'),
    credentials: async (registry) => credentials.get(registry),
    signal,
  };
}

function refuse(query: Query): void {
  if (query.text('version') === '2') {
    throw new DhowError(
      'Unsupported',
      'BuildKit sessions are not supported: set DOCKER_BUILDKIT=0, or build with dhow build',
    );
  }
  if (query.flag('squash')) throw new DhowError('Unsupported', 'squashing layers is not supported');
  if (query.text('outputs') !== '') throw new DhowError('Unsupported', 'outputs are not supported');
  if (query.text('securityopt') !== '' && jsonStrings(query, 'securityopt').length > 0) {
    throw new DhowError('Unsupported', 'security options of a build are not supported');
  }
  if (query.text('isolation') !== '' && query.text('isolation') !== 'default') {
    throw new DhowError(
      'Unsupported',
      `the isolation "${query.text('isolation').slice(0, 60)}" is not supported`,
    );
  }
}

/** One or several with commas between them. */
function decodePlatforms(text: string): Platform[] {
  if (text === '') return [];
  const platforms = text.split(',').map((one) => parsePlatform(one.trim()));
  if (platforms.length > maxPlatforms) {
    throw new DhowError('InvalidParameter', `more than ${maxPlatforms} platforms for one build`);
  }
  return [...new Map(platforms.map((platform) => [formatPlatform(platform), platform])).values()];
}

/**
 * A JSON object: name to `docker-image://reference`, to the URL of a git repository or an archive, or to the empty text for a directory
 * in the build's archive.
 */
function decodeContexts(query: Query): DecodedBuild['contexts'] {
  return new Map(
    [...jsonStringMap(query, 'dhow-contexts', { nullable: false })].map(([name, value]) => {
      if (!/^[A-Za-z0-9][\w.:/@-]{0,254}$/.test(name) || name.includes('..')) {
        throw new DhowError('InvalidParameter', `"${name.slice(0, 100)}" is no name for a build context`);
      }
      return [name.toLowerCase(), decodeContext(value)];
    }),
  );
}

function decodeContext(value: string): NamedContext {
  if (value === '') return { kind: 'directory' };
  const reference = /^docker-image:\/\/(.+)$/.exec(value)?.[1];
  if (reference !== undefined) return { kind: 'image', reference };
  const remote = decodeRemote(value);
  return 'git' in remote ? { kind: 'git', ...remote } : { kind: 'url', ...remote };
}

/**
 * A JSON object: `manifest:name`, `manifest[platform]:name`, `index:name` or a bare name to its value. Several levels may stand before
 * the colon.
 */
function decodeAnnotations(query: Query): DecodedBuild['annotations'] {
  return [...jsonStringMap(query, 'dhow-annotations', { nullable: false })].flatMap(([text, value]) => {
    const [, levels = 'manifest', name = text] = /^((?:[a-z-]+(?:\[[^\]]*\])?,?)+):(.+)$/.exec(text) ?? [];
    return levels.split(',').map((written) => {
      const [, level = '', platform] = /^([a-z-]+)(?:\[([^\]]+)\])?$/.exec(written) ?? [];
      if (level !== 'manifest' && level !== 'index') {
        throw new DhowError(
          'Unsupported',
          `annotations of "${written.slice(0, 60)}" are not supported: there are manifest and index`,
        );
      }
      return { level, name, value, ...(platform === undefined ? {} : { platform: parsePlatform(platform) }) };
    });
  });
}

function decodeTag(text: string) {
  const reference = parseReference(text);
  if (reference.digest !== undefined) {
    throw new DhowError('InvalidParameter', `invalid tag "${text.slice(0, 200)}": it must not have a digest`);
  }
  return reference;
}

function decodeRemote(text: string): { url: URL } | { git: GitUrl } {
  const git = parseGitUrl(text);
  if (git !== undefined) return { git };
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return { url };
  throw new DhowError(
    'Unsupported',
    `cannot build from "${text.slice(0, 200)}": only git, http and https URLs are supported`,
  );
}

type GitUrl = NonNullable<ReturnType<typeof parseGitUrl>>;

function decodeNetwork(text: string): string {
  if (text === 'container:') {
    throw new DhowError('InvalidParameter', 'the network mode "container:" needs the name of a container');
  }
  return text === '' || text === 'bridge' ? 'default' : text;
}

function decodeEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new DhowError(
    'InvalidParameter',
    `SOURCE_DATE_EPOCH must be a number of seconds since 1970, not "${text.slice(0, 60)}"`,
  );
}

function decodeLimits(query: Query): ContainerLimits {
  const positive = (name: string): number | undefined => {
    const value = query.integer(name) ?? 0;
    if (value < 0) throw new DhowError('InvalidParameter', `${name} must not be negative`);
    return value === 0 ? undefined : value;
  };
  const memoryBytes = positive('memory');
  if (memoryBytes !== undefined && memoryBytes < minimumMemoryBytes) {
    throw new DhowError('InvalidParameter', 'Minimum memory limit allowed is 6MB');
  }
  const memorySwapBytes = query.integer('memswap') || undefined;
  if (memorySwapBytes !== undefined && memorySwapBytes > 0 && memorySwapBytes < (memoryBytes ?? Infinity)) {
    throw new DhowError(
      'InvalidParameter',
      'memswap counts memory and swap, so it needs a memory limit that is not larger',
    );
  }
  const texts = {
    cpusetCpus: query.optionalText('cpusetcpus'),
    cpusetMems: query.optionalText('cpusetmems'),
    cgroupParent: query.optionalText('cgroupparent'),
  };
  const numbers = {
    memoryBytes,
    memorySwapBytes,
    cpuShares: positive('cpushares'),
    cpuPeriodUs: positive('cpuperiod'),
    cpuQuotaUs: positive('cpuquota'),
    shmSizeBytes: positive('shmsize'),
  };
  const given = Object.entries({ ...texts, ...numbers }).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(given) as Partial<ContainerLimits>),
    rlimits: decodeUlimits(query),
    extraHosts: query
      .texts('extrahosts')
      .flatMap((text) => text.split(','))
      .filter(Boolean),
  };
}

function decodeUlimits(query: Query): ContainerLimits['rlimits'] {
  const value = jsonParameter(query, 'ulimits') ?? [];
  const refused = new DhowError('InvalidParameter', 'ulimits must be a list of { Name, Soft, Hard }');
  if (!Array.isArray(value)) throw refused;
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw refused;
    const { Name: name, Soft: soft, Hard: hard } = item as Record<string, unknown>;
    if (typeof name !== 'string' || typeof soft !== 'number' || typeof hard !== 'number') throw refused;
    return { name, soft, hard };
  });
}

/** base64 of a JSON object: name of the secret to base64 of its content. Secrets are not repeated in messages. */
function decodeSecrets(header: string | undefined): Map<string, Uint8Array> {
  if (header === undefined || header === '') return new Map();
  const refused = new DhowError('InvalidParameter', 'the header X-Dhow-Build-Secrets is malformed');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64url').toString());
  } catch {
    // The parser's message would repeat part of a secret.
    throw refused;
  }
  if (typeof value !== 'object' || value === null) throw refused;
  return new Map(
    Object.entries(value).map(([id, content]) => {
      if (typeof content !== 'string') throw refused;
      return [id, Buffer.from(content, 'base64')];
    }),
  );
}
