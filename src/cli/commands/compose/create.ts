import { type Command, defineCommand } from '#cli/command.ts';
import { parseScale, prepareUp, yesOption } from '#cli/commands/compose/bring-up.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { pullOption } from '#cli/commands/compose/prepare-images.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import { flag, parsedList } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose create`: what `up --no-start` does. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      build: flag({ help: 'Build images before starting containers' }),
      'force-recreate': flag({ help: 'Recreate containers even if nothing has changed' }),
      'no-build': flag({ help: "Don't build an image, even if it's policy" }),
      'no-recreate': flag({ help: "If containers already exist, don't recreate them" }),
      pull: pullOption,
      'quiet-pull': flag({ help: 'Pull without printing progress information' }),
      'remove-orphans': flag({ help: 'Remove containers for services not defined in the Compose file' }),
      scale: parsedList({ help: 'Scale SERVICE to NUM instances' }, 'SERVICE=NUM', parseScale),
      yes: yesOption,
    },
    async run(context, { options, operands }) {
      if (options['force-recreate'] && options['no-recreate']) {
        throw new DhowError('InvalidParameter', '--force-recreate and --no-recreate exclude each other');
      }
      const project = openProject(context, choice, operands);
      const kept = options['no-recreate'] ? 'never' : 'changed';
      const { steps } = await prepareUp(context, manner, project, {
        services: operands,
        dependencies: true,
        recreate: options['force-recreate'] ? 'always' : kept,
        recreateDependencies: options['no-recreate'],
        scale: new Map(options.scale),
        start: false,
        allResources: choice.allResources,
        renewVolumes: false,
        removeOrphans: options['remove-orphans'],
        timeoutSeconds: undefined,
        pull: options.pull,
        build: options.build,
        noBuild: options['no-build'],
        quiet: options['quiet-pull'],
      });
      await runSteps(context, manner, steps);
      return 0;
    },
  });
}
