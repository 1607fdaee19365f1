import { defineCommand } from '#cli/command.ts';
import { toRecord } from '#cli/commands/container/values/key-values.ts';
import { integer, list, text } from '#cli/options.ts';
import { connectNetwork } from '#client/networks.ts';
import type { EndpointIpamConfig, EndpointSettings } from '#wire/networks.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] NETWORK CONTAINER'],
  operands: { min: 2, max: 2 },
  options: {
    alias: list({ help: 'Add network-scoped alias for the container' }, 'strings'),
    'driver-opt': list({ help: 'Driver options for the network' }, 'strings'),
    'gw-priority': integer({
      help: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
    }),
    ip: text({ help: 'IPv4 address (e.g., "172.30.100.104")' }),
    ip6: text({ help: 'IPv6 address (e.g., "2001:db8::33")' }),
    link: list({ help: 'Add link to another container' }),
    'link-local-ip': list({ help: 'Add a link-local address for the container' }, 'strings'),
  },
  async run(context, { options, operands }) {
    const [network = '', container = ''] = operands;
    const ipam: EndpointIpamConfig = {
      ...(options.ip === undefined ? {} : { IPv4Address: options.ip }),
      ...(options.ip6 === undefined ? {} : { IPv6Address: options.ip6 }),
      ...(options['link-local-ip'].length === 0 ? {} : { LinkLocalIPs: [...options['link-local-ip']] }),
    };
    const settings: EndpointSettings = {
      ...(Object.keys(ipam).length === 0 ? {} : { IPAMConfig: ipam }),
      ...(options.alias.length === 0 ? {} : { Aliases: [...options.alias] }),
      ...(options.link.length === 0 ? {} : { Links: [...options.link] }),
      ...(options['driver-opt'].length === 0 ? {} : { DriverOpts: toRecord(options['driver-opt']) }),
      ...(options['gw-priority'] === undefined ? {} : { GwPriority: options['gw-priority'] }),
    };
    const request = { Container: container, EndpointConfig: settings };
    await connectNetwork(context.client, network, request, context.signal);
    return 0;
  },
});
