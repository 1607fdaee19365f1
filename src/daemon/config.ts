import fs from 'node:fs';
import { readLogLimits } from '#engine/log-options.ts';
import { DhowError } from '#errors/error.ts';
import { type LogLevel, logLevels } from '#log/log.ts';
import { hasCode } from '#sys/libc.ts';

/** Everything that can be set from outside, resolved. */
export interface DaemonConfig {
  /** `unix:///path` each. */
  hosts: string[];
  /** What must survive: database, content, layers, containers, volumes. */
  dataRoot: string;
  /** What a reboot may take: bundles, sockets, pid files. Short, because unix socket paths are. */
  runRoot: string;
  logLevel: LogLevel;
  /** crun, runc, or a path; undefined: the best that works. */
  defaultRuntime: string | undefined;
  conmonPath: string | undefined;
  initPath: string | undefined;
  seccompProfile: string;
  insecureRegistries: string[];
  registryMirrors: string[];
  /** By the registry's name in references. */
  otherMirrors: Record<string, string[]>;
  /** Where names without a registry are looked for, in this order. */
  searchRegistries: string[];
  maxConcurrentDownloads: number;
  maxConcurrentUploads: number;
  /** What builds keep of their steps is cut back to this many bytes. */
  maxBuildCacheBytes: number;
  /** Of containers that say nothing: `max-size`, `max-file`. */
  logOptions: Record<string, string>;
  cgroupParent: string;
  bridge: string;
  nftTable: string;
  /** Begin of the names of containers' interfaces on the host. */
  vethPrefix: string;
  /** Whether the containers of the default network may talk to each other. */
  interContainer: boolean;
  /** Whether networks that do not say have IPv6. */
  ipv6: boolean;
  /** Where subnets come from, as `base,prefix-length` each; empty: the usual ones. */
  addressPools: string[];
}

const defaultConfigFile = '/etc/dhow/daemon.json';

const defaults: DaemonConfig = {
  hosts: [],
  dataRoot: '/var/lib/dhow',
  runRoot: '/run/dhow',
  logLevel: 'info',
  defaultRuntime: undefined,
  conmonPath: undefined,
  initPath: undefined,
  seccompProfile: '/usr/share/containers/seccomp.json',
  insecureRegistries: [],
  registryMirrors: [],
  otherMirrors: {},
  searchRegistries: [],
  maxConcurrentDownloads: 6,
  maxConcurrentUploads: 5,
  maxBuildCacheBytes: 20 * 1024 ** 3,
  logOptions: {},
  cgroupParent: '/dhow',
  bridge: 'dhow0',
  nftTable: 'dhow',
  vethPrefix: 'veth',
  interContainer: true,
  ipv6: false,
  addressPools: [],
};

/** One setting: its flag (without dashes), its key in the configuration file, and how its text becomes a value. */
interface Setting {
  flag: string;
  short?: string;
  key: string;
  help: string;
  /** Flags of switches take no value. */
  kind: 'text' | 'list' | 'switch' | 'number';
  apply(config: DaemonConfig, value: string): void;
}

const settings: Setting[] = [
  {
    flag: 'host',
    short: 'H',
    key: 'hosts',
    help: 'Socket to listen on (unix:///run/dhow/dhow.sock); may be repeated',
    kind: 'list',
    apply: (config, value) => config.hosts.push(parseHost(value)),
  },
  {
    flag: 'data-root',
    key: 'data-root',
    help: 'Directory of images, containers and volumes (/var/lib/dhow)',
    kind: 'text',
    apply: (config, value) => {
      config.dataRoot = absolute('data-root', value);
    },
  },
  {
    flag: 'run-root',
    key: 'exec-root',
    help: 'Directory of what runs at present (/run/dhow)',
    kind: 'text',
    apply: (config, value) => {
      config.runRoot = absolute('run-root', value);
    },
  },
  {
    flag: 'debug',
    short: 'D',
    key: 'debug',
    help: 'Log debug lines',
    kind: 'switch',
    apply: (config, value) => {
      if (parseSwitch('debug', value)) config.logLevel = 'debug';
    },
  },
  {
    flag: 'log-level',
    short: 'l',
    key: 'log-level',
    help: `One of ${logLevels.join(', ')} (info)`,
    kind: 'text',
    apply: (config, value) => {
      const level = logLevels.find((known) => known === value);
      if (!level) throw refused('log-level', value, `one of ${logLevels.join(', ')}`);
      config.logLevel = level;
    },
  },
  {
    flag: 'default-runtime',
    key: 'default-runtime',
    help: 'OCI runtime: crun, runc or an absolute path (crun where it works, else runc)',
    kind: 'text',
    apply: (config, value) => {
      config.defaultRuntime = value;
    },
  },
  {
    flag: 'conmon-path',
    key: 'conmon-path',
    help: 'Path of conmon (searched)',
    kind: 'text',
    apply: (config, value) => {
      config.conmonPath = absolute('conmon-path', value);
    },
  },
  {
    flag: 'init-path',
    key: 'init-path',
    help: 'Program for `run --init` (tini, catatonit or docker-init, searched)',
    kind: 'text',
    apply: (config, value) => {
      config.initPath = absolute('init-path', value);
    },
  },
  {
    flag: 'seccomp-profile',
    key: 'seccomp-profile',
    help: `Default seccomp profile (${defaults.seccompProfile})`,
    kind: 'text',
    apply: (config, value) => {
      config.seccompProfile = absolute('seccomp-profile', value);
    },
  },
  {
    flag: 'insecure-registry',
    key: 'insecure-registries',
    help: 'Registry host, with port, that may speak plain HTTP; may be repeated',
    kind: 'list',
    apply: (config, value) => config.insecureRegistries.push(value),
  },
  {
    flag: 'registry-mirror',
    key: 'registry-mirrors',
    help: 'Base URL asked before Docker Hub; may be repeated',
    kind: 'list',
    apply: (config, value) => config.registryMirrors.push(parseMirror(value)),
  },
  {
    flag: 'registry-mirror-for',
    key: 'registry-mirrors-for',
    help: 'registry=URL: base URL asked before that registry; may be repeated',
    kind: 'list',
    apply: (config, value) => {
      const [registry = '', url = ''] = value.split(/=(.*)/s);
      if (!isRegistryName(registry)) throw refused('registry-mirror-for', value, 'registry=URL');
      const known = config.otherMirrors[registry] ?? [];
      config.otherMirrors[registry] = [...known, parseMirror(url)];
    },
  },
  {
    flag: 'default-registry',
    key: 'default-registries',
    help: 'Registry of names without one (docker.io); when repeated, each is asked in turn until one has the name',
    kind: 'list',
    apply: (config, value) => {
      if (!isRegistryName(value)) throw refused('default-registry', value, 'a host, with port if need be');
      config.searchRegistries.push(value);
    },
  },
  {
    flag: 'max-concurrent-downloads',
    key: 'max-concurrent-downloads',
    help: `Layers fetched at once by one pull (${defaults.maxConcurrentDownloads})`,
    kind: 'number',
    apply: (config, value) => {
      config.maxConcurrentDownloads = parseConcurrency('max-concurrent-downloads', value);
    },
  },
  {
    flag: 'max-concurrent-uploads',
    key: 'max-concurrent-uploads',
    help: `Layers sent at once by one push (${defaults.maxConcurrentUploads})`,
    kind: 'number',
    apply: (config, value) => {
      config.maxConcurrentUploads = parseConcurrency('max-concurrent-uploads', value);
    },
  },
  {
    flag: 'max-build-cache',
    key: 'max-build-cache',
    help: `Bytes that builds keep of their steps and cache mounts (${defaults.maxBuildCacheBytes})`,
    kind: 'number',
    apply: (config, value) => {
      config.maxBuildCacheBytes = parseByteCount('max-build-cache', value);
    },
  },
  {
    flag: 'log-opt',
    key: 'log-opts',
    help: 'Limits of containers’ logs (max-size=100m, max-file=5); may be repeated',
    kind: 'list',
    apply: (config, value) => {
      const [name = '', text = ''] = value.split(/=(.*)/s);
      const options = { ...config.logOptions, [name]: text };
      readLogLimits(options);
      config.logOptions = options;
    },
  },
  {
    flag: 'cgroup-parent',
    key: 'cgroup-parent',
    help: 'cgroup under which the containers live (/dhow)',
    kind: 'text',
    apply: (config, value) => {
      config.cgroupParent = absolute('cgroup-parent', value);
    },
  },
  {
    flag: 'bridge',
    short: 'b',
    key: 'bridge',
    help: 'Kernel name of the default bridge (dhow0)',
    kind: 'text',
    apply: (config, value) => {
      if (!/^[a-zA-Z0-9._-]{1,15}$/.test(value))
        throw refused('bridge', value, 'at most 15 letters and digits');
      config.bridge = value;
    },
  },
  {
    flag: 'nft-table',
    key: 'nft-table',
    help: 'Name of the nftables table that Dhow owns (dhow)',
    kind: 'text',
    apply: (config, value) => {
      if (!/^[a-zA-Z][a-zA-Z0-9_]{0,30}$/.test(value))
        throw refused('nft-table', value, 'letters and digits');
      config.nftTable = value;
    },
  },
  {
    flag: 'veth-prefix',
    key: 'veth-prefix',
    help: "Begin of the names of containers' interfaces on the host (veth)",
    kind: 'text',
    apply: (config, value) => {
      if (!/^[a-z][a-z0-9]{0,7}$/.test(value))
        throw refused('veth-prefix', value, 'at most 8 letters and digits');
      config.vethPrefix = value;
    },
  },
  {
    flag: 'icc',
    key: 'icc',
    help: 'Let the containers of the default network talk to each other (true)',
    kind: 'switch',
    apply: (config, value) => {
      config.interContainer = parseSwitch('icc', value);
    },
  },
  {
    flag: 'ipv6',
    key: 'ipv6',
    help: 'Give the default network, and others that do not say, IPv6 besides IPv4',
    kind: 'switch',
    apply: (config, value) => {
      config.ipv6 = parseSwitch('ipv6', value);
    },
  },
  {
    flag: 'default-address-pool',
    key: 'default-address-pools',
    help: 'Range that is cut into subnets for networks, such as base=10.0.0.0/8,size=24; may be repeated',
    kind: 'list',
    apply: (config, value) => config.addressPools.push(parseAddressPool(value)),
  },
];

/**
 * Defaults, then the configuration file, then flags: the later wins, a list given by flag replaces the file's.
 * @throws InvalidParameter naming the flag or key
 */
export function readConfig(argv: readonly string[]): DaemonConfig {
  const flags = parseFlags(argv);
  const explicitFile = flags.find(([flag]) => flag === 'config-file')?.[1];
  const file = readConfigFile(explicitFile ?? defaultConfigFile, explicitFile !== undefined);
  const config = structuredClone(defaults);
  const given = new Set(flags.map(([flag]) => flag));
  for (const setting of settings) {
    if (!given.has(setting.flag))
      for (const value of file.get(setting.key) ?? []) setting.apply(config, value);
  }
  for (const [flag, value] of flags) settings.find((setting) => setting.flag === flag)?.apply(config, value);
  if (config.searchRegistries.length === 0) config.searchRegistries.push('docker.io');
  if (config.hosts.length === 0) config.hosts.push(`unix://${config.runRoot}/dhow.sock`);
  config.hosts.forEach(checkSocketLength);
  return config;
}

export function daemonHelp(): string {
  const rows = settings.map((setting) => {
    const short = setting.short ? `-${setting.short}, ` : '    ';
    const value = setting.kind === 'switch' ? '' : ` ${setting.kind}`;
    return [`  ${short}--${setting.flag}${value}`, setting.help] as const;
  });
  rows.push(['      --config-file text', `Configuration file (${defaultConfigFile})`]);
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  const lines = rows.map(([left, help]) => left.padEnd(width) + help);
  return `Usage:  dhow daemon [OPTIONS]\n\nRun the Dhow daemon in the foreground\n\nOptions:\n${lines.join('\n')}\n`;
}

function parseFlags(argv: readonly string[]): [string, string][] {
  const flags: [string, string][] = [];
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const match = /^(?:--([a-z-]+)|-([a-zA-Z]))(?:=([\s\S]*))?$/.exec(word);
    const name = match?.[1] ?? match?.[2];
    const setting = settings.find((known) => known.flag === name || known.short === name);
    if (!match || (!setting && name !== 'config-file')) {
      throw new DhowError('InvalidParameter', `unknown flag: ${word}\nSee 'dhow daemon --help'.`);
    }
    const value = match[3] ?? (setting?.kind === 'switch' ? 'true' : queue.shift());
    if (value === undefined) throw new DhowError('InvalidParameter', `flag needs an argument: ${word}`);
    flags.push([setting?.flag ?? 'config-file', value]);
  }
  return flags;
}

/** Docker's daemon.json keys, as far as Dhow has them; each value as the texts that a flag would give. */
function readConfigFile(path: string, mustExist: boolean): Map<string, string[]> {
  let text: string;
  try {
    text = fs.readFileSync(path, 'utf8');
  } catch (cause) {
    if (!mustExist && hasCode(cause, 'ENOENT')) return new Map();
    throw new DhowError('InvalidParameter', `cannot read the configuration file ${path}`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `the configuration file ${path} is not JSON`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DhowError('InvalidParameter', `the configuration file ${path} must hold one JSON object`);
  }
  return new Map(
    Object.entries(parsed).map(([key, value]): [string, string[]] => {
      const setting = settings.find((known) => known.key === key);
      if (!setting) {
        const keys = settings.map((known) => known.key).join(', ');
        throw new DhowError('InvalidParameter', `${path}: unknown key "${key}"; known are ${keys}`);
      }
      return [key, fileValue(path, setting, value)];
    }),
  );
}

function fileValue(path: string, setting: Setting, value: unknown): string[] {
  const wanted = { text: 'string', switch: 'boolean', number: 'number', list: 'object' }[setting.kind];
  const fits =
    setting.kind === 'list'
      ? Array.isArray(value) &&
        value.every((item) => typeof item === 'string' || isAddressPool(setting, item))
      : typeof value === wanted;
  if (setting.flag === 'log-opt' && isTextMap(value)) {
    return Object.entries(value).map(([name, text]) => `${name}=${text}`);
  }
  if (!fits) {
    const expected = setting.kind === 'list' ? 'a list of strings' : `a ${wanted}`;
    throw new DhowError('InvalidParameter', `${path}: "${setting.key}" must be ${expected}`);
  }
  if (!Array.isArray(value)) return [String(value)];
  return value.map((item: unknown) =>
    isAddressPool(setting, item) ? `base=${item.base},size=${item.size}` : String(item),
  );
}

/** Docker writes the options of logs as one object. */
function isTextMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  );
}

/** Docker writes these as objects. */
function isAddressPool(setting: Setting, item: unknown): item is { base: string; size: number } {
  return (
    setting.flag === 'default-address-pool' &&
    typeof item === 'object' &&
    item !== null &&
    'base' in item &&
    'size' in item
  );
}

/** Whether base and size fit together is seen where the network settings are read. */
function parseAddressPool(value: string): string {
  const match = /^base=([^,]+),size=(\d{1,3})$/.exec(value);
  if (match) return `${match[1]},${match[2]}`;
  throw refused('default-address-pool', value, 'base=<subnet>,size=<prefix length>');
}

function parseHost(value: string): string {
  if (/^unix:\/\/\/[\s\S]+$/.test(value)) return value;
  throw new DhowError(
    'Unsupported',
    `cannot listen on "${value}": only unix sockets are supported yet (unix:///run/dhow/dhow.sock)`,
  );
}

/** unix(7): the kernel takes 107 bytes. */
function checkSocketLength(host: string): void {
  if (Buffer.byteLength(host.slice('unix://'.length)) <= 107) return;
  throw new DhowError(
    'InvalidParameter',
    `the socket ${host} has a longer path than the kernel's 107 bytes: choose a shorter one with --host`,
  );
}

function parseMirror(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw refused('registry-mirror', value, 'an http or https URL');
  }
  return value;
}

function isRegistryName(text: string): boolean {
  return (
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/.test(text) && (/[.:]/.test(text) || text === 'localhost')
  );
}

function parseConcurrency(flag: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw refused(flag, value, 'a whole number from 1 to 64');
}

function parseByteCount(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw refused(flag, value, 'a number of bytes');
}

function parseSwitch(flag: string, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw refused(flag, value, 'true or false');
}

function absolute(flag: string, value: string): string {
  if (!value.startsWith('/')) throw refused(flag, value, 'an absolute path');
  return value.length > 1 ? value.replace(/\/+$/, '') : value;
}

function refused(flag: string, value: string, expected: string): DhowError {
  return new DhowError('InvalidParameter', `invalid value "${value}" for --${flag}: expected ${expected}`);
}
