import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { unsupported } from '#cli/options.ts';
import { watchExit } from '#client/containers.ts';
import { isActive, observeContainers } from '#compose/observe.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose wait`: until all containers have ended; the exit code is that of the last one that was not 0. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['SERVICE [SERVICE...]'],
    operands: { min: 1 },
    options: { 'down-project': unsupported('nothing') },
    async run(context, { operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const containers = selectContainers(target, all, operands).filter(isActive);
      if (containers.length === 0) {
        throw new DhowError('NotFound', `no container of ${operands.join(', ')} runs`);
      }
      const codes = containers.map(async ({ id, name }) => {
        const { exited } = await watchExit(context.client, id, 'not-running', context.signal);
        const { StatusCode: code } = await exited;
        context.stdout.write(`container ${name} exited with status code ${code}\n`);
        return code;
      });
      return (await Promise.all(codes)).findLast((code) => code !== 0) ?? 0;
    },
  });
}
