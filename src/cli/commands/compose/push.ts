import { type Command, defineCommand } from '#cli/command.ts';
import { runWords } from '#cli/commands/compose/delegate.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { reportWork, showSteps } from '#cli/commands/compose/show-steps.ts';
import { command as pushCommand } from '#cli/commands/image/push.ts';
import type { CliContext } from '#cli/context.ts';
import { flag } from '#cli/options.ts';
import { printFailure } from '#cli/output/failures.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService, orderServices } from '#compose/dependencies.ts';
import type { Project } from '#compose/project.ts';

/** `dhow compose push`: the images that services build and give a name to. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'ignore-push-failures': flag({ help: 'Push what it can and ignores images with push failures' }),
      'include-deps': flag({ help: 'Also push images of services declared as dependencies' }),
      quiet: flag({ short: 'q', help: 'Push without printing progress information' }),
    },
    async run(context, { options, operands }) {
      const project = openProject(context, choice, operands);
      const named = operands.length > 0 ? operands : Object.keys(project.services);
      const ordered = orderServices(project.services, named);
      const chosen = options['include-deps'] ? ordered : ordered.filter((name) => named.includes(name));
      const services = chosen.filter((name) => findService(project.services, name).build !== undefined);
      const { quiet } = options;
      await pushServices(context, manner, project, services, {
        ignoreFailures: options['ignore-push-failures'],
        quiet,
      });
      return 0;
    },
  });
}

/** Pushes the images of services that have a name of their own, each once. */
export async function pushServices(
  context: CliContext,
  manner: Manner,
  project: Project,
  services: readonly string[],
  settings: { ignoreFailures: boolean; quiet: boolean },
): Promise<void> {
  using screen = showSteps(context, manner);
  const named = services.filter((name) => findService(project.services, name).image !== undefined);
  for (const image of new Set(named.map((name) => imageOf(project, name)))) {
    if (manner.dryRun) {
      const work = { subject: `Image ${image}`, text: 'Pushing', ended: 'Pushed' };
      await reportWork(screen, work, async () => undefined);
      continue;
    }
    try {
      await runWords(context, pushCommand, [...(settings.quiet ? ['--quiet'] : []), image]);
    } catch (error) {
      if (!settings.ignoreFailures || context.signal.aborted) throw error;
      printFailure(context, error);
    }
  }
}
