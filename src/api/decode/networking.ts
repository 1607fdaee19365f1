import { isIPv4, isIPv6 } from 'node:net';
import { Fields } from '#api/decode/fields.ts';
import { parseLinks } from '#api/decode/links.ts';
import type { ContainerSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';
import type { EndpointRequest } from '#network/network.ts';

/**
 * The networks that a container is to be on: those of Docker's `NetworkingConfig`, else the one of the network mode.
 * `MacAddress` at the top, as clients before API 1.44 send it, is the first network's.
 */
export function decodeNetworks(body: Fields, networkMode: string): ContainerSettings['networks'] {
  const entries = body.object('NetworkingConfig').entries('EndpointsConfig');
  const macAddress = decodeMacAddress(body);
  if (networkMode.startsWith('container:')) {
    const [name] = entries.map(([each]) => each);
    const conflict = name === undefined ? macAddress && 'mac-address' : `network "${name.slice(0, 60)}"`;
    if (!conflict) return [];
    throw new DhowError('InvalidParameter', `conflicting options: ${conflict} and the network mode`);
  }
  const networks = entries.map(([name, value]) => {
    const fields = Fields.of(value, `NetworkingConfig.EndpointsConfig["${name}"]`);
    return { network: canonical(name), ...decodeEndpoint(fields, canonical(name)) };
  });
  if (networks.length === 0) networks.push({ network: canonical(networkMode), aliases: [] });
  const first = networks.find(({ network }) => network === canonical(networkMode)) ?? networks[0];
  if (first && macAddress) first.macAddress ??= macAddress;
  return networks;
}

/**
 * Docker's `EndpointSettings` as a request. Fields that only an answer has (`NetworkID`, `IPAddress`, …) are ignored, as
 * Docker does.
 * @throws InvalidParameter naming the field; Unsupported
 */
export function decodeEndpoint(fields: Fields, network: string): Omit<EndpointRequest, 'network'> {
  const links = parseLinks(fields, 'Links');
  const ipam = fields.object('IPAMConfig');
  const address = decodeAddress(ipam, 'IPv4Address', isIPv4);
  const address6 = decodeAddress(ipam, 'IPv6Address', isIPv6);
  const linkLocalAddresses = ipam.texts('LinkLocalIPs');
  const aliases = fields.texts('Aliases');
  const macAddress = decodeMacAddress(fields);
  if (isBuiltIn(network)) {
    if (address ?? address6) {
      throw new DhowError(
        'InvalidParameter',
        'user specified IP address is supported on user defined networks only',
      );
    }
    if (aliases.length > 0) {
      throw new DhowError(
        'InvalidParameter',
        'network-scoped aliases are only supported for user-defined networks',
      );
    }
  }
  return {
    ...(address === undefined ? {} : { address }),
    ...(address6 === undefined ? {} : { address6 }),
    ...(linkLocalAddresses.length === 0 ? {} : { linkLocalAddresses }),
    ...(macAddress === undefined ? {} : { macAddress }),
    aliases,
    ...(links.length === 0 ? {} : { links }),
    ...(fields.integer('GwPriority') === 0 ? {} : { gatewayPriority: fields.integer('GwPriority') }),
    ...decodeDriverOptions(fields),
  };
}

const interfaceOption = 'com.docker.network.endpoint.ifname';
const sysctlsOption = 'com.docker.network.endpoint.sysctls';

function decodeDriverOptions(fields: Fields): Pick<EndpointRequest, 'interfaceName' | 'sysctls'> {
  const options = fields.textMap('DriverOpts');
  const { [interfaceOption]: interfaceName, [sysctlsOption]: sysctls, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new DhowError(
      'Unsupported',
      `${fields.nameOf('DriverOpts')}: "${unknown.slice(0, 100)}" is not supported; known are ${interfaceOption} and ${sysctlsOption}`,
    );
  }
  return {
    ...(interfaceName ? { interfaceName } : {}),
    ...(sysctls ? { sysctls: decodeSysctls(sysctls) } : {}),
  };
}

/** `name=value,name=value` */
function decodeSysctls(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((setting) => {
      const [name = '', value, ...rest] = setting.split('=').map((part) => part.trim());
      if (value !== undefined && rest.length === 0) return [name, value];
      throw new DhowError(
        'InvalidParameter',
        `invalid endpoint sysctl "${setting.slice(0, 100)}": it must be name=value`,
      );
    }),
  );
}

function decodeAddress(ipam: Fields, name: string, isAddress: (text: string) => boolean): string | undefined {
  const text = ipam.text(name);
  if (text === '') return undefined;
  if (isAddress(text) && !text.includes('%')) return text;
  throw new DhowError(
    'InvalidParameter',
    `invalid ${name.replace('Address', ' address')}: ${text.slice(0, 60)} (${ipam.nameOf(name)})`,
  );
}

function decodeMacAddress(fields: Fields): string | undefined {
  const text = fields.text('MacAddress');
  if (text === '') return undefined;
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid MAC address: ${text.slice(0, 60)} (${fields.nameOf('MacAddress')})`,
    );
  }
  return text.toLowerCase().replaceAll('-', ':');
}

/** `default` is another word for the default bridge. */
function canonical(name: string): string {
  return name === 'default' ? 'bridge' : name;
}

function isBuiltIn(network: string): boolean {
  return ['bridge', 'host', 'none'].includes(network);
}
