import { type Command, defineCommand } from '#cli/command.ts';
import { takeDown } from '#cli/commands/compose/down.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { flag } from '#cli/options.ts';
import { watchExit } from '#client/containers.ts';
import { isActive, observeContainers } from '#compose/observe.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose wait`: until all containers have ended; the exit code is that of the last one that was not 0. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['SERVICE [SERVICE...]'],
    operands: { min: 1 },
    options: {
      'down-project': flag({ help: 'Drops project when the containers have stopped' }),
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const containers = selectContainers(target, all, operands).filter(isActive);
      if (containers.length === 0) {
        throw new DhowError('NotFound', `no container of ${operands.join(', ')} runs`);
      }
      const codes = containers.map(async ({ id }) => {
        const { exited } = await watchExit(context.client, id, 'not-running', context.signal);
        const { StatusCode: code } = await exited;
        context.stdout.write(`container "${id}" exited with status code ${code}\n`);
        return code;
      });
      const code = (await Promise.all(codes)).findLast((each) => each !== 0) ?? 0;
      if (options['down-project']) {
        const all = { removeOrphans: true, volumes: false, timeoutSeconds: undefined, rmi: undefined };
        await takeDown(context, manner, target, all);
      }
      return code;
    },
  });
}
