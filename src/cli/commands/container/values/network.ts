import { toRecord } from '#cli/commands/container/values/key-values.ts';
import { DhowError } from '#errors/error.ts';
import type { EndpointSettings } from '#wire/networks.ts';

export interface NetworkChoice {
  /** A network's name, or a mode (`host`, `none`, `container:…`). */
  readonly name: string;
  readonly settings: EndpointSettings;
}

/**
 * `--network`: a name or mode, or `name=…` with `alias`, `ip`, `ip6`, `mac-address`, `driver-opt`, `link-local-ip`, `gw-priority`.
 * @throws InvalidParameter naming the field
 */
export function parseNetwork(text: string): NetworkChoice {
  if (!/(^|,)name=/.test(text)) return { name: text, settings: {} };
  let name = '';
  const aliases: string[] = [];
  const linkLocal: string[] = [];
  const driverOptions: string[] = [];
  const settings: EndpointSettings = {};
  const ipam: NonNullable<EndpointSettings['IPAMConfig']> = {};
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    if (equals === -1) throw new DhowError('InvalidParameter', `invalid field ${field}`);
    const key = field.slice(0, equals).trim().toLowerCase();
    const value = field.slice(equals + 1).trim();
    switch (key) {
      case 'name':
        name = value;
        break;
      case 'alias':
        aliases.push(value);
        break;
      case 'ip':
        ipam.IPv4Address = value;
        break;
      case 'ip6':
        ipam.IPv6Address = value;
        break;
      case 'link-local-ip':
        linkLocal.push(value);
        break;
      case 'mac-address':
        settings.MacAddress = value;
        break;
      case 'driver-opt':
        driverOptions.push(value);
        break;
      case 'gw-priority':
        if (!/^-?\d{1,9}$/.test(value))
          throw new DhowError('InvalidParameter', `invalid gw-priority: ${value}`);
        settings.GwPriority = Number(value);
        break;
      default:
        throw new DhowError('InvalidParameter', `invalid field key ${key}`);
    }
  }
  if (name === '') throw new DhowError('InvalidParameter', `network name is missing in "${text}"`);
  if (linkLocal.length > 0) ipam.LinkLocalIPs = linkLocal;
  if (Object.keys(ipam).length > 0) settings.IPAMConfig = ipam;
  if (aliases.length > 0) settings.Aliases = aliases;
  if (driverOptions.length > 0) settings.DriverOpts = toRecord(driverOptions);
  return { name, settings };
}
