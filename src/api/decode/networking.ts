import { isIPv4 } from 'node:net';
import { Fields } from '#api/decode/fields.ts';
import type { ContainerSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/**
 * What is asked of the container's endpoint: Docker's `NetworkingConfig`, and `MacAddress` at the top as clients before
 * API 1.44 send it. Fields that only an answer has (`NetworkID`, `IPAddress`, …) are ignored, as Docker does.
 */
export function decodeEndpoint(body: Fields, networkMode: string): ContainerSettings['endpoint'] {
  const networking = body.object('NetworkingConfig');
  const entries = networking.entries('EndpointsConfig');
  const names = entries.map(([name]) => name);
  if (entries.length > 1) {
    throw new DhowError(
      'Unsupported',
      `a container can be created with one network, not with ${entries.length} (${names.join(', ')})`,
    );
  }
  const [name, value] = entries[0] ?? [];
  if (name !== undefined && !sameNetwork(name, networkMode)) {
    throw new DhowError(
      'InvalidParameter',
      `conflicting options: NetworkingConfig names network "${name}", HostConfig.NetworkMode is "${networkMode}"`,
    );
  }
  const endpoint = Fields.of(value, `NetworkingConfig.EndpointsConfig["${name ?? ''}"]`);
  endpoint.refuse(['Links', 'DriverOpts', 'GwPriority']);
  const ipam = endpoint.object('IPAMConfig');
  ipam.refuse(['IPv6Address', 'LinkLocalIPs']);
  const address = ipam.text('IPv4Address');
  if (address !== '' && !isIPv4(address)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid IPv4 address: ${address} (${ipam.nameOf('IPv4Address')})`,
    );
  }
  const aliases = endpoint.texts('Aliases');
  if (isBuiltIn(networkMode)) {
    if (address !== '') {
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
  const macAddress = decodeMacAddress(endpoint) ?? decodeMacAddress(body);
  return {
    ...(address === '' ? {} : { address }),
    ...(macAddress === undefined ? {} : { macAddress }),
    aliases,
  };
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
function sameNetwork(name: string, mode: string): boolean {
  return name === mode || (canonical(name) === 'bridge' && canonical(mode) === 'bridge');
}

function canonical(name: string): string {
  return name === 'default' ? 'bridge' : name;
}

function isBuiltIn(mode: string): boolean {
  return ['bridge', 'host', 'none'].includes(canonical(mode)) || mode.startsWith('container:');
}
