import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { saysYes } from '#cli/commands/compose/says-yes.ts';
import { findTarget, runSteps, selectContainers } from '#cli/commands/compose/target.ts';
import { flag, text } from '#cli/options.ts';
import { isActive, observeContainers } from '#compose/observe.ts';
import type { Step } from '#compose/plan.ts';

/** `dhow compose kill`: all at once, as a signal is not waited for. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'remove-orphans': flag({
        help: 'Also kill containers of services that the Compose file does not define',
      }),
      signal: text({ short: 's', help: 'SIGNAL to send to the container (default "SIGKILL")' }),
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const { project } = target;
      const all = await observeContainers(context.client, target.name, context.signal);
      const own = selectContainers(target, all, operands);
      const oneOff = all.filter(
        (container) => container.oneOff && (operands.length === 0 || operands.includes(container.service)),
      );
      const orphansToo =
        project === undefined ||
        options['remove-orphans'] ||
        saysYes(project.variables.get('COMPOSE_REMOVE_ORPHANS'));
      const chosen = [...own, ...oneOff].filter(
        (container) =>
          isActive(container) && (orphansToo || Object.hasOwn(project.services, container.service)),
      );
      if (chosen.length === 0) {
        context.stderr.write('no container to kill\n');
        return 0;
      }
      const { signal = 'SIGKILL' } = options;
      const steps = chosen.map(
        ({ id, name }): Step => ({ action: { kind: 'kill-container', id, name, signal }, after: [] }),
      );
      await runSteps(context, manner, steps);
      return 0;
    },
  });
}
