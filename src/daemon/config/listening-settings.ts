import { defaults } from '#daemon/config/defaults.ts';
import type { Setting } from '#daemon/config/setting.ts';
import { absolute, parseSeconds, parseSwitch } from '#daemon/config/values.ts';
import { parseEndpoint, parseHostAddress } from '#daemon/listen/address.ts';

/** Who may speak to the daemon, and how. The names are dockerd's where it has the setting. */
export const listeningSettings: Setting[] = [
  {
    flag: 'host',
    short: 'H',
    key: 'hosts',
    help: 'Socket to listen on: unix:///path, tcp://host:port, or fd:// for those of a service manager; may be repeated',
    kind: 'list',
    apply(config, value) {
      parseHostAddress(value);
      config.hosts.push(value);
    },
  },
  {
    flag: 'group',
    short: 'G',
    key: 'group',
    help: 'Group, by name or number, whose members may use unix sockets; "" for root alone (docker, if there is one)',
    kind: 'text',
    apply: (config, value) => {
      config.group = value;
    },
  },
  {
    flag: 'tls',
    key: 'tls',
    help: 'Encrypt TCP; implied by --tlsverify',
    kind: 'switch',
    apply: (config, value) => {
      config.tls = parseSwitch('tls', value);
    },
  },
  {
    flag: 'tlsverify',
    key: 'tlsverify',
    help: 'Encrypt TCP, and serve only clients with a certificate of the authority',
    kind: 'switch',
    apply: (config, value) => {
      config.tlsVerify = parseSwitch('tlsverify', value);
    },
  },
  {
    flag: 'tlscacert',
    key: 'tlscacert',
    help: `Authority of the clients' certificates (${defaults.tlsFiles.authority})`,
    kind: 'text',
    apply: (config, value) => {
      config.tlsFiles.authority = absolute('tlscacert', value);
    },
  },
  {
    flag: 'tlscert',
    key: 'tlscert',
    help: `The daemon's certificate (${defaults.tlsFiles.certificate})`,
    kind: 'text',
    apply: (config, value) => {
      config.tlsFiles.certificate = absolute('tlscert', value);
    },
  },
  {
    flag: 'tlskey',
    key: 'tlskey',
    help: `The key of the daemon's certificate (${defaults.tlsFiles.key})`,
    kind: 'text',
    apply: (config, value) => {
      config.tlsFiles.key = absolute('tlskey', value);
    },
  },
  {
    flag: 'insecure-tcp-without-client-certificates',
    key: 'insecure-tcp-without-client-certificates',
    help: 'Listen on TCP without --tlsverify: whoever reaches the port is root on this machine',
    kind: 'switch',
    apply: (config, value) => {
      config.insecureTcp = parseSwitch('insecure-tcp-without-client-certificates', value);
    },
  },
  {
    flag: 'metrics-addr',
    key: 'metrics-addr',
    help: 'host:port of an HTTP server with metrics for Prometheus, at /metrics (none)',
    kind: 'text',
    apply: (config, value) => {
      config.metricsEndpoint = parseEndpoint(value, value);
    },
  },
  {
    flag: 'shutdown-timeout',
    key: 'shutdown-timeout',
    help: `Seconds that requests under way get to end when the daemon stops (${defaults.shutdownTimeoutSeconds})`,
    kind: 'number',
    reloadable: true,
    apply: (config, value) => {
      config.shutdownTimeoutSeconds = parseSeconds('shutdown-timeout', value);
    },
  },
];
