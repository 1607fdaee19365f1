import { defineCommand } from '#cli/command.ts';
import { hubAddress, registryOfAddress } from '#cli/commands/registry/server-address.ts';
import { eraseCredentials } from '#cli/credentials.ts';

export const command = defineCommand({
  usage: ['[SERVER]'],
  operands: { max: 1 },
  options: {},
  async run(context, { operands }) {
    const registry = registryOfAddress(operands[0] ?? '');
    const shown = registry === 'docker.io' ? hubAddress : registry;
    const wasLoggedIn = await eraseCredentials(context.configDirectory, registry, context.signal);
    context.stdout.write(
      wasLoggedIn ? `Removing login credentials for ${shown}\n` : `Not logged in to ${shown}\n`,
    );
    return 0;
  },
});
