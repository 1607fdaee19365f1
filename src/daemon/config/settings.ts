import { parseBuildCacheLimit } from '#daemon/config/build-cache-rules.ts';
import { defaults } from '#daemon/config/defaults.ts';
import { listeningSettings } from '#daemon/config/listening-settings.ts';
import type { Setting } from '#daemon/config/setting.ts';
import {
  absolute,
  isRegistryName,
  parseAddressPool,
  parseByteCount,
  parseConcurrency,
  parseDuration,
  parseInterval,
  parseMicroseconds,
  parseMirror,
  parseRuntime,
  parseSwitch,
  refused,
} from '#daemon/config/values.ts';
import { logFormats, logLevels } from '#log/log.ts';
import { logDrivers, parseLogDriver } from '#log-drivers/options.ts';

export const settings: Setting[] = [
  ...listeningSettings,
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
    help: 'Log debug lines, and serve /debug/',
    kind: 'switch',
    reloadable: true,
    apply: (config, value) => {
      config.debug = parseSwitch('debug', value);
    },
  },
  {
    flag: 'log-level',
    short: 'l',
    key: 'log-level',
    help: `One of ${logLevels.join(', ')} (info)`,
    kind: 'text',
    reloadable: true,
    apply: (config, value) => {
      const level = logLevels.find((known) => known === value);
      if (!level) throw refused('log-level', value, `one of ${logLevels.join(', ')}`);
      config.logLevel = level;
    },
  },
  {
    flag: 'log-format',
    key: 'log-format',
    help: `One of ${logFormats.join(', ')} (text)`,
    kind: 'text',
    apply: (config, value) => {
      const format = logFormats.find((known) => known === value);
      if (!format) throw refused('log-format', value, `one of ${logFormats.join(', ')}`);
      config.logFormat = format;
    },
  },
  {
    flag: 'default-runtime',
    key: 'default-runtime',
    help: 'OCI runtime: crun, runc, an absolute path or a name of --add-runtime (crun where it works, else runc)',
    kind: 'text',
    apply: (config, value) => {
      config.defaultRuntime = value;
    },
  },
  {
    flag: 'add-runtime',
    key: 'runtimes',
    help: 'Further OCI runtime for `run --runtime`, as name=path; may be repeated',
    kind: 'list',
    apply: (config, value) => {
      const [name, program] = parseRuntime(value);
      config.runtimes[name] = program;
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
    flag: 'userns-remap',
    key: 'userns-remap',
    help: 'Give containers the subordinate ids of a user: default, user[:group] or uid[:gid]',
    kind: 'text',
    apply: (config, value) => {
      config.usernsRemap = value === '' ? undefined : value;
    },
  },
  {
    flag: 'insecure-registry',
    key: 'insecure-registries',
    help: 'Registry host, with port, that may speak plain HTTP; may be repeated',
    kind: 'list',
    reloadable: true,
    apply: (config, value) => config.insecureRegistries.push(value),
  },
  {
    flag: 'registry-mirror',
    key: 'registry-mirrors',
    help: 'Base URL asked before Docker Hub; may be repeated',
    kind: 'list',
    reloadable: true,
    apply: (config, value) => config.registryMirrors.push(parseMirror(value)),
  },
  {
    flag: 'registry-mirror-for',
    key: 'registry-mirrors-for',
    help: 'registry=URL: base URL asked before that registry; may be repeated',
    kind: 'list',
    reloadable: true,
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
    reloadable: true,
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
    reloadable: true,
    apply: (config, value) => {
      config.maxConcurrentDownloads = parseConcurrency('max-concurrent-downloads', value);
    },
  },
  {
    flag: 'max-concurrent-uploads',
    key: 'max-concurrent-uploads',
    help: `Layers sent at once by one push (${defaults.maxConcurrentUploads})`,
    kind: 'number',
    reloadable: true,
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
    flag: 'build-cache',
    key: 'builder',
    help: 'Cut back what builds keep: keep=20GB, or in the background keep=2GB,unused-for=48h, or off; may be repeated',
    kind: 'list',
    apply: (config, value) => {
      const limit = parseBuildCacheLimit(value);
      if (limit.kind === 'off') {
        config.buildCacheRules = [];
        config.maxBuildCacheBytes = Number.MAX_SAFE_INTEGER;
      } else if (limit.unusedForMs === undefined) config.maxBuildCacheBytes = limit.keepBytes;
      else config.buildCacheRules.push({ keepBytes: limit.keepBytes, unusedForMs: limit.unusedForMs });
    },
  },
  {
    flag: 'gc-interval',
    key: 'gc-interval',
    help: 'Time between rounds of the garbage collector, 0 for none (10m)',
    kind: 'text',
    apply: (config, value) => {
      config.gcIntervalMs = parseInterval('gc-interval', value);
    },
  },
  {
    flag: 'keep-unfinished',
    key: 'keep-unfinished',
    help: 'How long the garbage collector keeps what a pull that broke off has brought (7d)',
    kind: 'text',
    apply: (config, value) => {
      config.keepUnfinishedMs = parseDuration('keep-unfinished', value);
    },
  },
  {
    flag: 'log-driver',
    key: 'log-driver',
    help: `Log driver of containers that name none: ${logDrivers.join(', ')} (${defaults.logDriver})`,
    kind: 'text',
    apply: (config, value) => {
      config.logDriver = parseLogDriver(value);
    },
  },
  {
    flag: 'log-opt',
    key: 'log-opts',
    help: 'Option of that log driver, such as max-size=100m; may be repeated',
    kind: 'list',
    apply: (config, value) => {
      const [name = '', text = ''] = value.split(/=(.*)/s);
      config.logOptions[name] = text;
    },
  },
  {
    flag: 'journald-socket',
    key: 'journald-socket',
    help: `Socket of systemd-journald (${defaults.journaldSocket})`,
    kind: 'text',
    apply: (config, value) => {
      config.journaldSocket = absolute('journald-socket', value);
    },
  },
  {
    flag: 'cdi-spec-dir',
    key: 'cdi-spec-dirs',
    help: 'Directory of descriptions of devices (/etc/cdi and /var/run/cdi); may be repeated, the later goes before the earlier',
    kind: 'list',
    apply: (config, value) => config.cdiDirectories.push(absolute('cdi-spec-dir', value)),
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
    flag: 'cpu-rt-period',
    key: 'cpu-rt-period',
    help: 'Period of real-time threads in microseconds, of the control groups above the containers',
    kind: 'number',
    apply: (config, value) => {
      config.realtimeBudget.periodUs = parseMicroseconds('cpu-rt-period', value);
    },
  },
  {
    flag: 'cpu-rt-runtime',
    key: 'cpu-rt-runtime',
    help: 'Microseconds of each period that real-time threads of all containers may take',
    kind: 'number',
    apply: (config, value) => {
      config.realtimeBudget.runtimeUs = parseMicroseconds('cpu-rt-runtime', value);
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
    flag: 'ports-obey-firewall',
    key: 'ports-obey-firewall',
    help: "Open published ports from outside only as far as the host's own firewall (its input chains) does",
    kind: 'switch',
    apply: (config, value) => {
      config.obeyHostFirewall = parseSwitch('ports-obey-firewall', value);
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
