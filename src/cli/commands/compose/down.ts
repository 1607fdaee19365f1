import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { saysYes } from '#cli/commands/compose/says-yes.ts';
import { timeoutOption } from '#cli/commands/compose/stop-settings.ts';
import { findTarget, runSteps, selectContainers, type Target } from '#cli/commands/compose/target.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, parsed } from '#cli/options.ts';
import { imageOf } from '#compose/container-request.ts';
import { type Observed, observeContainers, observeProject, type ServiceContainer } from '#compose/observe.ts';
import { planDown } from '#compose/plan-down.ts';
import { readDependencies } from '#compose/plan-each.ts';
import { findOrphans } from '#compose/plan-removal.ts';

/** `dhow compose down`: removes the containers and networks of a project, and on request its volumes and images. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'remove-orphans': flag({ help: 'Remove containers for services not defined in the Compose file' }),
      rmi: parsed(
        { help: 'Remove images used by services: "local" those without a custom tag, or "all"' },
        'string',
        oneOf('local', 'all'),
      ),
      timeout: timeoutOption,
      volumes: flag({
        short: 'v',
        help: 'Remove named volumes of the project, and anonymous volumes of its containers',
      }),
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const { volumes, timeout: timeoutSeconds } = options;
      if (operands.length > 0) {
        const all = await observeContainers(context.client, target.name, context.signal);
        const chosen = selectContainers(target, all, operands);
        const nothing = { containers: all, networks: [], volumes: [] };
        const settings = { volumes, timeoutSeconds, images: imagesOf(target, chosen, options.rmi) };
        const dependencies = readDependencies(target.project, all);
        await runSteps(context, manner, planDown(target.name, chosen, nothing, dependencies, settings));
        return 0;
      }
      const removeOrphans =
        options['remove-orphans'] || saysYes(target.project?.variables.get('COMPOSE_REMOVE_ORPHANS'));
      await takeDown(context, manner, target, { removeOrphans, volumes, timeoutSeconds, rmi: options.rmi });
      return 0;
    },
  });
}

interface DownChoice {
  readonly removeOrphans: boolean;
  readonly volumes: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly rmi: string | undefined;
}

/** Stops and removes all of a project. */
export async function takeDown(
  context: CliContext,
  manner: Manner,
  target: Target,
  { removeOrphans, volumes, timeoutSeconds, rmi }: DownChoice,
): Promise<void> {
  const observed = await observeProject(context.client, target.name, context.signal);
  const chosen = chooseContainers(target, observed, removeOrphans);
  const settings = { volumes, timeoutSeconds, images: imagesOf(target, chosen, rmi) };
  const dependencies = readDependencies(target.project, observed.containers);
  await runSteps(context, manner, planDown(target.name, chosen, observed, dependencies, settings));
}

/** Those of `run` go too; those of services that the project does not have stay unless asked for. */
function chooseContainers(
  { project }: Target,
  observed: Observed,
  orphans: boolean,
): readonly ServiceContainer[] {
  if (project === undefined || orphans) return observed.containers;
  const strangers = new Set(findOrphans(project, observed));
  return observed.containers.filter((container) => !strangers.has(container));
}

function imagesOf(
  { name, project }: Target,
  containers: readonly ServiceContainer[],
  which: string | undefined,
): string[] {
  if (which === undefined) return [];
  const used = containers.map(({ service, summary }) => ({ service, image: summary.Image }));
  const written =
    project === undefined
      ? []
      : Object.keys(project.services).map((service) => ({ service, image: imageOf(project, service) }));
  const wanted = [...used, ...written].filter(
    ({ service, image }) =>
      which === 'all' || image === `${name}-${service}` || image === `${name}_${service}`,
  );
  return [...new Set(wanted.map(({ image }) => image))];
}
