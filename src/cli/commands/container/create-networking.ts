import type { CreateOptions } from '#cli/commands/container/create-options.ts';
import { DhowError } from '#errors/error.ts';
import type { EndpointSettings, NetworkingConfig } from '#wire/networks.ts';

/**
 * The network part of a create request. `--ip`, `--mac-address`, `--network-alias` and the like speak of the first network.
 * @throws InvalidParameter for a network or setting that is named twice
 */
export function readNetworking(options: CreateOptions): {
  mode: string;
  config: NetworkingConfig | undefined;
} {
  const choices = options.network.length === 0 ? [{ name: 'default', settings: {} }] : options.network;
  const endpoints: Record<string, EndpointSettings> = {};
  for (const [index, { name, settings }] of choices.entries()) {
    if (Object.hasOwn(endpoints, name)) {
      throw new DhowError('InvalidParameter', `network "${name}" is specified multiple times`);
    }
    endpoints[name] = index === 0 ? merge(name, settings, options) : settings;
  }
  const [first] = choices;
  const mode = first?.name ?? 'default';
  const empty = choices.length === 1 && Object.keys(endpoints[mode] ?? {}).length === 0;
  return { mode, config: empty ? undefined : { EndpointsConfig: endpoints } };
}

function merge(name: string, settings: EndpointSettings, options: CreateOptions): EndpointSettings {
  const refuseTwice = (isSet: unknown, isGiven: unknown, name: string) => {
    if (isSet && isGiven) {
      throw new DhowError(
        'InvalidParameter',
        `conflicting options: cannot specify both --${name} and per-network ${name}`,
      );
    }
  };
  refuseTwice(settings.IPAMConfig?.IPv4Address, options.ip, 'ip');
  refuseTwice(settings.IPAMConfig?.IPv6Address, options.ip6, 'ip6');
  refuseTwice(settings.MacAddress, options['mac-address'], 'mac-address');
  refuseTwice(settings.Aliases, options['network-alias'].length > 0, 'network-alias');
  const ipam = {
    ...settings.IPAMConfig,
    ...(options.ip === undefined ? {} : { IPv4Address: options.ip }),
    ...(options.ip6 === undefined ? {} : { IPv6Address: options.ip6 }),
    ...(options['link-local-ip'].length === 0 ? {} : { LinkLocalIPs: [...options['link-local-ip']] }),
  };
  return {
    ...settings,
    ...(Object.keys(ipam).length === 0 ? {} : { IPAMConfig: ipam }),
    ...(options.link.length === 0 || isPredefined(name) ? {} : { Links: [...options.link] }),
    ...(options['network-alias'].length === 0 ? {} : { Aliases: [...options['network-alias']] }),
    ...(options['mac-address'] === undefined ? {} : { MacAddress: options['mac-address'] }),
  };
}

/** There links are the container's own, and not those of a network. */
function isPredefined(network: string): boolean {
  return ['default', 'bridge', 'host', 'none'].includes(network) || network.startsWith('container:');
}
