import { DhowError } from '#errors/error.ts';
import { parseIp } from '#network/addresses/ip.ts';
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
  /** Host address of ports that are published without one. */
  hostBinding: string;
  /** Begin of the names of interfaces inside containers. */
  interfacePrefix: string;
}

const defaultMtu = 1500;
export const defaultInterfacePrefix = 'eth';

const optionNames = {
  name: 'com.docker.network.bridge.name',
  mtu: 'com.docker.network.driver.mtu',
  interContainer: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  interfacePrefix: 'com.docker.network.container_iface_prefix',
  /** Only on the default network, where Docker's inspect shows it. */
  default: 'com.docker.network.bridge.default_bridge',
} as const;

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
export function parseBridgeOptions(options: Readonly<Record<string, string>>): BridgeOptions {
  refuseUnknown(options, Object.values(optionNames));
  const name = options[optionNames.name];
  const interfacePrefix = options[optionNames.interfacePrefix] ?? defaultInterfacePrefix;
  if (name !== undefined && !isInterfaceName(name)) {
    throw refused(
      optionNames.name,
      name,
      `a name of an interface, at most ${maximumInterfaceNameLength} characters`,
    );
  }
  if (!/^[a-zA-Z][a-zA-Z0-9_-]{0,9}$/.test(interfacePrefix)) {
    throw refused(
      optionNames.interfacePrefix,
      interfacePrefix,
      'a letter and at most nine letters or digits',
    );
  }
  return {
    name,
    mtu: parseMtu(options[optionNames.mtu]),
    interContainer: parseSwitch(options, optionNames.interContainer),
    masquerade: parseSwitch(options, optionNames.masquerade),
    hostBinding: parseHostBinding(options[optionNames.hostBinding]),
    interfacePrefix,
  };
}

/** @throws Unsupported */
export function refuseUnknown(options: Readonly<Record<string, string>>, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new DhowError(
    'Unsupported',
    `driver option "${unknown.slice(0, 100)}" is not supported; known are ${known.join(', ')}`,
  );
}

/** @throws InvalidParameter */
export function parseMtu(text: string | undefined): number {
  if (text === undefined || text === '') return defaultMtu;
  const mtu = Number(text);
  // 68: the least that IPv4 demands (RFC 791); 65535: the largest packet.
  if (!/^\d+$/.test(text) || mtu < 68 || mtu > 65_535) {
    throw refused(optionNames.mtu, text, 'a number from 68 to 65535');
  }
  return mtu;
}

function isInterfaceName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name) && name.length <= maximumInterfaceNameLength;
}

function parseSwitch(options: Readonly<Record<string, string>>, name: string): boolean {
  const text = options[name] ?? 'true';
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw refused(name, text, 'true or false');
}

function parseHostBinding(text: string | undefined): string {
  if (text === undefined || text === '' || text === '0.0.0.0') return '';
  if (parseIp(text)?.family === 4) return text;
  throw refused(optionNames.hostBinding, text, 'an IPv4 address');
}

function refused(name: string, value: string, wanted: string): DhowError {
  return new DhowError(
    'InvalidParameter',
    `invalid value "${value.slice(0, 60)}" of ${name}: it must be ${wanted}`,
  );
}
