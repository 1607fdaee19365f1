import { type Family, type IpAddress, parseIp } from '#network/addresses/ip.ts';
import {
  type DriverOptions,
  mtuOption,
  parseChoice,
  parseMtu,
  refuseUnknown,
  wrongOption,
} from '#network/options/option-values.ts';
import { maximumInterfaceNameLength } from '#sys/netlink-link.ts';

/** The driver options of a bridge network that Dhow knows, as values. The names are Docker's. */
export interface BridgeOptions {
  /** Kernel name of the bridge; undefined: made from the network's id. */
  name: string | undefined;
  mtu: number;
  /** Containers on the bridge may talk to each other. */
  interContainer: boolean;
  /** What leaves the host has the host's address. */
  masquerade: boolean;
  /** What leaves the host has these addresses, else those of the interface that it leaves by. */
  sourceAddresses: Partial<Record<Family, IpAddress>>;
  /** Families in which the network has no gateway: not even the host is on it. */
  isolated: readonly Family[];
  /** The host is not the gateway, which somebody else is, or the user makes it so. IPv4 only. */
  inhibitGateway: boolean;
  /** Host address of ports that are published without one. */
  hostBinding: string;
  /** Begin of the names of interfaces inside containers. */
  interfacePrefix: string;
}

const defaultMtu = 1500;
export const defaultInterfacePrefix = 'eth';

const optionNames = {
  name: 'com.docker.network.bridge.name',
  mtu: mtuOption,
  interContainer: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  source4: 'com.docker.network.host_ipv4',
  source6: 'com.docker.network.host_ipv6',
  gatewayMode4: 'com.docker.network.bridge.gateway_mode_ipv4',
  gatewayMode6: 'com.docker.network.bridge.gateway_mode_ipv6',
  inhibitGateway: 'com.docker.network.bridge.inhibit_ipv4',
  interfacePrefix: 'com.docker.network.container_iface_prefix',
  /** Only on the default network, where Docker's inspect shows it. */
  default: 'com.docker.network.bridge.default_bridge',
} as const;

/** Docker has `routed` and `nat-unprotected`, too. */
const gatewayModes = { nat: true, isolated: true } as const;

/** What inspect shows of the default network. */
export function defaultNetworkOptions(bridge: string, interContainer: boolean): Record<string, string> {
  return {
    [optionNames.default]: 'true',
    [optionNames.interContainer]: String(interContainer),
    [optionNames.masquerade]: 'true',
    [optionNames.hostBinding]: '0.0.0.0',
    [optionNames.name]: bridge,
    [optionNames.mtu]: String(defaultMtu),
  };
}

/** @throws InvalidParameter for a wrong value; Unsupported for an option that Dhow does not know */
export function parseBridgeOptions(options: DriverOptions): BridgeOptions {
  refuseUnknown(options, Object.values(optionNames));
  const name = options[optionNames.name];
  const interfacePrefix = options[optionNames.interfacePrefix] ?? defaultInterfacePrefix;
  if (name !== undefined && !isInterfaceName(name)) {
    throw wrongOption(
      optionNames.name,
      name,
      `a name of an interface, at most ${maximumInterfaceNameLength} characters`,
    );
  }
  if (!/^[a-zA-Z][a-zA-Z0-9_-]{0,9}$/.test(interfacePrefix)) {
    throw wrongOption(
      optionNames.interfacePrefix,
      interfacePrefix,
      'a letter and at most nine letters or digits',
    );
  }
  return {
    name,
    mtu: parseMtu(options) ?? defaultMtu,
    interContainer: parseSwitch(options, optionNames.interContainer, true),
    masquerade: parseSwitch(options, optionNames.masquerade, true),
    sourceAddresses: parseSources(options),
    isolated: ([4, 6] as const).filter((family) => parseGatewayMode(options, family) === 'isolated'),
    inhibitGateway: parseSwitch(options, optionNames.inhibitGateway, false),
    hostBinding: parseHostBinding(options[optionNames.hostBinding]),
    interfacePrefix,
  };
}

function parseGatewayMode(options: DriverOptions, family: Family): keyof typeof gatewayModes {
  return parseChoice<keyof typeof gatewayModes>(
    options,
    optionNames[`gatewayMode${family}`],
    gatewayModes,
    'nat',
  );
}

function isInterfaceName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name) && name.length <= maximumInterfaceNameLength;
}

function parseSwitch(options: DriverOptions, name: string, byDefault: boolean): boolean {
  const text = options[name] ?? String(byDefault);
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw wrongOption(name, text, 'true or false');
}

function parseHostBinding(text: string | undefined): string {
  if (text === undefined || text === '' || text === '0.0.0.0') return '';
  if (parseIp(text)?.family === 4) return text;
  throw wrongOption(optionNames.hostBinding, text, 'an IPv4 address');
}

function parseSources(options: DriverOptions): BridgeOptions['sourceAddresses'] {
  const sources: BridgeOptions['sourceAddresses'] = {};
  for (const family of [4, 6] as const) {
    const name = optionNames[`source${family}`];
    const text = options[name];
    if (!text) continue;
    const address = parseIp(text);
    if (address?.family !== family) throw wrongOption(name, text, `an IPv${family} address`);
    sources[family] = address;
  }
  return sources;
}
