import { defaults } from '#daemon/config/defaults.ts';
import { readConfigFile } from '#daemon/config/file.ts';
import { parseFlags } from '#daemon/config/flags.ts';
import { settings } from '#daemon/config/settings.ts';
import { parseHostAddress, unprotected } from '#daemon/listen/address.ts';
import type { BuildCacheRule } from '#engine/upkeep.ts';
import type { LogFormat, LogLevel } from '#log/log.ts';
import { type LogDriver, readLogOptions } from '#log-drivers/options.ts';
import type { RealtimeBudget } from '#sys/realtime-budget.ts';

/** Everything that can be set from outside, resolved. */
export interface DaemonConfig {
  /** See `parseHostAddress`. */
  hosts: string[];
  /** Who may use unix sockets besides root: name or number, the empty string for nobody; undefined: `docker`, if there is one. */
  group: string | undefined;
  /** TCP is encrypted. */
  tls: boolean;
  /** TCP is encrypted, and for clients with a certificate of the authority alone. */
  tlsVerify: boolean;
  tlsFiles: { authority: string; certificate: string; key: string };
  /** TCP may be had without `tlsVerify`. */
  insecureTcp: boolean;
  metricsEndpoint: { host: string; port: number } | undefined;
  /** For requests under way when the daemon stops. */
  shutdownTimeoutSeconds: number;
  /** What must survive: database, content, layers, containers, volumes. */
  dataRoot: string;
  /** What a reboot may take: bundles, sockets, pid files. Short, because unix socket paths are. */
  runRoot: string;
  /** Serve /debug/, log everything. */
  debug: boolean;
  logLevel: LogLevel;
  logFormat: LogFormat;
  /** crun, runc, or a path; undefined: the best that works. */
  defaultRuntime: string | undefined;
  /** Further OCI runtimes that containers may ask for: programs by name. */
  runtimes: Record<string, string>;
  conmonPath: string | undefined;
  initPath: string | undefined;
  seccompProfile: string;
  /** Whose subordinate ids containers have: see `readRemapSetting`; undefined: they have the host's. */
  usernsRemap: string | undefined;
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
  /** What else is cut back in the background, in this order. */
  buildCacheRules: BuildCacheRule[];
  /** Between the rounds of the garbage collector; 0: none. */
  gcIntervalMs: number;
  /** How long what a pull has brought that broke off is kept for the next one. */
  keepUnfinishedMs: number;
  /** Of containers that say nothing; the options are those of this driver. */
  logDriver: LogDriver;
  logOptions: Record<string, string>;
  journaldSocket: string;
  /** Where devices are described, the later going before the earlier. */
  cdiDirectories: string[];
  cgroupParent: string;
  /** Of the groups above each container. */
  realtimeBudget: RealtimeBudget;
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

/** What was given, by the keys of the configuration file: each value as the texts that flags would have. */
export type SettingTexts = ReadonlyMap<string, readonly string[]>;

/**
 * The configuration file, then flags: the later wins, a list given by flag replaces the file's.
 * @throws InvalidParameter naming the flag or key
 */
export function readSettings(argv: readonly string[]): SettingTexts {
  const flags = parseFlags(argv);
  const explicitFile = flags.find(([flag]) => flag === 'config-file')?.[1];
  const texts = readConfigFile(explicitFile ?? defaultConfigFile, explicitFile !== undefined);
  for (const { flag, key } of settings) {
    const given = flags.filter(([name]) => name === flag).map(([, text]) => text);
    if (given.length > 0) texts.set(key, given);
  }
  return texts;
}

/**
 * @param usualHost where to listen when nothing was said; default: a socket in the run root
 * @throws InvalidParameter naming the flag or key, or what does not fit together
 */
export function resolveConfig(texts: SettingTexts, usualHost?: string): DaemonConfig {
  const config = structuredClone(defaults);
  for (const { key, apply } of settings) for (const text of texts.get(key) ?? []) apply(config, text);
  if (config.debug) config.logLevel = 'debug';
  if (config.cdiDirectories.length === 0) config.cdiDirectories.push('/etc/cdi', '/var/run/cdi');
  if (config.searchRegistries.length === 0) config.searchRegistries.push('docker.io');
  if (config.hosts.length === 0) config.hosts.push(usualHost ?? `unix://${config.runRoot}/dhow.sock`);
  for (const host of config.hosts) {
    if (parseHostAddress(host).kind !== 'tcp' || config.tlsVerify || config.insecureTcp) continue;
    throw unprotected(host);
  }
  readLogOptions(config.logDriver, config.logOptions);
  return config;
}

/** What a reload brings into effect, and the keys of what has to wait for the next start. */
export function reloadSettings(
  present: SettingTexts,
  wanted: SettingTexts,
): { texts: SettingTexts; changed: string[]; waiting: string[] } {
  const texts = new Map(present);
  const changed: string[] = [];
  const waiting: string[] = [];
  for (const { key, reloadable } of settings) {
    const [old, next] = [present.get(key), wanted.get(key)];
    if (JSON.stringify(old) === JSON.stringify(next)) continue;
    (reloadable ? changed : waiting).push(key);
    if (!reloadable) continue;
    if (next === undefined) texts.delete(key);
    else texts.set(key, next);
  }
  return { texts, changed, waiting };
}

export function daemonHelp(): string {
  const rows = settings.map((setting) => {
    const short = setting.short ? `-${setting.short}, ` : '    ';
    const value = setting.kind === 'switch' ? '' : ` ${setting.kind}`;
    return [`  ${short}--${setting.flag}${value}`, setting.help] as const;
  });
  rows.push(['      --config-file text', `Configuration file (${defaultConfigFile})`]);
  rows.push(['      --validate', 'Check the configuration, and end']);
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  const lines = rows.map(([left, help]) => left.padEnd(width) + help);
  return `Usage:  dhow daemon [OPTIONS]\n\nRun the Dhow daemon in the foreground\n\nOptions:\n${lines.join('\n')}\n`;
}
