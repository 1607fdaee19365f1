import { defineCommand } from '#cli/command.ts';
import { parseLabel } from '#cli/commands/container/values/key-values.ts';
import { readPools } from '#cli/commands/network/pools.ts';
import { flag, parsedList, text, unsupported } from '#cli/options.ts';
import { createNetwork } from '#client/networks.ts';
import { DhowError } from '#errors/error.ts';
import type { NetworkCreateRequest } from '#wire/networks.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] NETWORK'],
  operands: { min: 1, max: 1 },
  options: {
    attachable: flag({ help: 'Enable manual container attachment' }),
    'aux-address': parsedList(
      { help: 'Auxiliary IPv4 or IPv6 addresses used by Network driver' },
      'map',
      splitPair,
    ),
    'config-from': text({ help: 'The network from which to copy the configuration' }),
    'config-only': flag({ help: 'Create a configuration only network' }),
    driver: text({ short: 'd', help: 'Driver to manage the Network (default "bridge")' }),
    gateway: parsedList({ help: 'IPv4 or IPv6 Gateway for the master subnet' }, 'strings', splitCommas),
    ingress: unsupported('nothing'),
    internal: flag({ help: 'Restrict external access to the network' }),
    'ip-range': parsedList({ help: 'Allocate container ip from a sub-range' }, 'strings', splitCommas),
    'ipam-driver': text({ help: 'IP Address Management Driver (default "default")' }),
    'ipam-opt': parsedList({ help: 'Set IPAM driver specific options' }, 'map', splitPair),
    ipv4: flag({ help: 'Enable or disable IPv4 address assignment' }, true),
    ipv6: flag({ help: 'Enable or disable IPv6 address assignment' }),
    label: parsedList({ help: 'Set metadata on a network' }, 'list', parseLabel),
    opt: parsedList({ short: 'o', help: 'Set driver specific options' }, 'map', splitPair),
    scope: text({ help: "Control the network's scope" }),
    subnet: parsedList(
      { help: 'Subnet in CIDR format that represents a network segment' },
      'strings',
      splitCommas,
    ),
  },
  async run(context, { options, given, operands }) {
    const [name = ''] = operands;
    const pools = readPools({
      subnets: options.subnet.flat(),
      ranges: options['ip-range'].flat(),
      gateways: options.gateway.flat(),
      auxiliary: options['aux-address'],
    });
    const request: NetworkCreateRequest = {
      Name: name,
      CheckDuplicate: true,
      Driver: options.driver ?? 'bridge',
      Internal: options.internal,
      Attachable: options.attachable,
      ...(options['config-only'] ? { ConfigOnly: true } : {}),
      ...(options['config-from'] === undefined ? {} : { ConfigFrom: { Network: options['config-from'] } }),
      ...(options.scope === undefined ? {} : { Scope: options.scope }),
      ...(given.has('ipv4') ? { EnableIPv4: options.ipv4 } : {}),
      ...(given.has('ipv6') ? { EnableIPv6: options.ipv6 } : {}),
      IPAM: {
        Driver: options['ipam-driver'] ?? 'default',
        Options: Object.fromEntries(options['ipam-opt']),
        Config: pools,
      },
      Options: Object.fromEntries(options.opt),
      Labels: Object.fromEntries(options.label.map(splitLabel)),
    };
    const { Id, Warning } = await createNetwork(context.client, request, context.signal);
    for (const line of Warning === '' ? [] : Warning.split('\n')) context.stderr.write(`WARNING: ${line}\n`);
    context.stdout.write(`${Id}\n`);
    return 0;
  },
});

function splitCommas(value: string): string[] {
  return value.split(',');
}

/** `key=value`; a key alone has an empty value. */
function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals === 0 || pair === '') throw new DhowError('InvalidParameter', `"${pair}" is not key=value`);
  return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function splitLabel(label: string): [string, string] {
  const equals = label.indexOf('=');
  return equals === -1 ? [label, ''] : [label.slice(0, equals), label.slice(equals + 1)];
}
