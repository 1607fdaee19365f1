import { defaults } from '#daemon/config/defaults.ts';
import { readConfigFile } from '#daemon/config/file.ts';
import { parseFlags } from '#daemon/config/flags.ts';
import { settings } from '#daemon/config/settings.ts';
import { checkSocketLength } from '#daemon/config/values.ts';
import type { LogLevel } from '#log/log.ts';

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
  /** Further OCI runtimes that containers may ask for: programs by name. */
  runtimes: Record<string, string>;
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
  /** Whether published ports are open from outside only as far as the host's own firewall opens them. */
  obeyHostFirewall: boolean;
  /** Where subnets come from, as `base,prefix-length` each; empty: the usual ones. */
  addressPools: string[];
}

const defaultConfigFile = '/etc/dhow/daemon.json';

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
