import { defineCommand } from '#cli/command.ts';
import { forEachAtOnce } from '#cli/commands/container/each.ts';
import { flag } from '#cli/options.ts';
import { removeContainer } from '#client/containers.ts';
import { kindOf } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {
    force: flag({ short: 'f', help: 'Force the removal of a running container (uses SIGKILL)' }),
    link: flag({ short: 'l', help: 'Remove the specified link' }),
    volumes: flag({ short: 'v', help: 'Remove anonymous volumes associated with the container' }),
  },
  async run(context, { options, operands }) {
    let missing = 0;
    let failed = 0;
    const code = await forEachAtOnce(context, operands, async (name) => {
      const query = { force: options.force, link: options.link, v: options.volumes };
      try {
        await removeContainer(context.client, name.replace(/^\//, ''), query, context.signal);
      } catch (error) {
        if (kindOf(error) === 'NotFound') missing++;
        else failed++;
        throw error;
      }
    });
    // With --force a container that is not there is told of and is no failure: the goal is reached.
    return options.force && missing > 0 && failed === 0 ? 0 : code;
  },
});
