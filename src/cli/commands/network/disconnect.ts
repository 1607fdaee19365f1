import { defineCommand } from '#cli/command.ts';
import { flag } from '#cli/options.ts';
import { disconnectNetwork } from '#client/networks.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] NETWORK CONTAINER'],
  operands: { min: 2, max: 2 },
  options: { force: flag({ short: 'f', help: 'Force the container to disconnect from a network' }) },
  async run(context, { options, operands }) {
    const [network = '', container = ''] = operands;
    const request = { Container: container, Force: options.force };
    await disconnectNetwork(context.client, network, request, context.signal);
    return 0;
  },
});
