import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, runSteps, selectContainers } from '#cli/commands/compose/target.ts';
import { waitTimeoutOption, waitUntilReady } from '#cli/commands/compose/wait-until-ready.ts';
import { flag } from '#cli/options.ts';
import { observeContainers } from '#compose/observe.ts';
import { planStart, readDependencies } from '#compose/plan-each.ts';

/** `dhow compose start`: starts what was stopped, when its dependencies are ready. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[SERVICE...]'],
    operands: {},
    options: {
      wait: flag({ help: 'Wait for services to be running or healthy' }),
      'wait-timeout': waitTimeoutOption,
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const chosen = selectContainers(target, all, operands);
      await runSteps(context, manner, planStart(chosen, all, readDependencies(target.project, all)));
      if (options.wait) await waitUntilReady(context, manner, target, operands, options['wait-timeout']);
      return 0;
    },
  });
}
