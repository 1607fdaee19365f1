import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { timeoutOption } from '#cli/commands/compose/stop-settings.ts';
import { findTarget, runSteps, selectContainers } from '#cli/commands/compose/target.ts';
import { flag } from '#cli/options.ts';
import { observeContainers } from '#compose/observe.ts';
import { planEach, readDependencies } from '#compose/plan-each.ts';
import type { Project } from '#compose/project.ts';

/** `dhow compose restart`: dependencies first, and those that ask for it with them. What was stopped is started. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'no-deps': flag({ help: "Don't restart dependent services" }),
      timeout: timeoutOption,
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const services = options['no-deps'] ? operands : withDependents(target.project, operands);
      const { timeout: timeoutSeconds } = options;
      const steps = planEach(
        selectContainers(target, all, services),
        readDependencies(target.project, all),
        'forwards',
        ({ id, name }) => ({ kind: 'restart-container', id, name, timeoutSeconds }),
      );
      await runSteps(context, manner, steps);
      return 0;
    },
  });
}

/** Services that say `restart: true` of one that is restarted. */
function withDependents(project: Project | undefined, services: readonly string[]): string[] {
  const result = new Set(services);
  for (const name of result) {
    for (const [other, { depends_on: needs }] of Object.entries(project?.services ?? {})) {
      if (needs?.[name]?.restart === true) result.add(other);
    }
  }
  return [...result];
}
