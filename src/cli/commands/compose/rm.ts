import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, runSteps, selectContainers } from '#cli/commands/compose/target.ts';
import { flag } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { isActive, observeContainers } from '#compose/observe.ts';
import type { Step } from '#compose/plan.ts';
import { planEach, readDependencies } from '#compose/plan-each.ts';

/** `dhow compose rm`: removes containers that do not run. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      force: flag({ short: 'f', help: "Don't ask to confirm removal" }),
      stop: flag({ short: 's', help: 'Stop the containers, if required, before removing' }),
      volumes: flag({ short: 'v', help: 'Remove any anonymous volumes attached to containers' }),
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const chosen = selectContainers(target, all, operands);
      // Those of `run` are left behind, too.
      const oneOff = all.filter(
        (container) => container.oneOff && (operands.length === 0 || operands.includes(container.service)),
      );
      const containers = [...chosen, ...oneOff].filter((container) => options.stop || !isActive(container));
      if (containers.length === 0) {
        context.stderr.write('No stopped containers\n');
        return 0;
      }
      const names = containers.map(({ name }) => name).join(', ');
      const isSure = options.force || manner.dryRun;
      if (!isSure && !(await confirm(context, `Going to remove ${names}. Are you sure?`))) return 1;
      const stops = planEach(containers, readDependencies(target.project, all), 'backwards', (container) =>
        isActive(container)
          ? { kind: 'stop-container', id: container.id, name: container.name, timeoutSeconds: undefined }
          : undefined,
      );
      const { volumes } = options;
      const removals = containers.map(({ id, name }): Step => {
        const action = { kind: 'remove-container', id, name, volumes, force: false } as const;
        return { action, after: stops };
      });
      await runSteps(context, manner, [...stops, ...removals]);
      return 0;
    },
  });
}
