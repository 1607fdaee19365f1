import { type Command, defineCommand } from '#cli/command.ts';
import { runWords } from '#cli/commands/compose/delegate.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { command as topCommand } from '#cli/commands/container/top.ts';
import { observeContainers } from '#compose/observe.ts';

/** `dhow compose top`: one table of processes for each container. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[SERVICE...]'],
    operands: {},
    options: {},
    async run(context, { operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      for (const { id, name, state } of selectContainers(target, all, operands)) {
        if (state !== 'running') continue;
        context.stdout.write(`${name}\n`);
        await runWords(context, topCommand, [id]);
        context.stdout.write('\n');
      }
      return 0;
    },
  });
}
