import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { pullServices } from '#cli/commands/compose/pull-services.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { flag, parsed } from '#cli/options.ts';
import { inspectImage } from '#client/images.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService, orderServices } from '#compose/dependencies.ts';
import { kindOf } from '#errors/error.ts';

/** `dhow compose pull`: the images of services, but for those that are only built. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'ignore-buildable': flag({ help: 'Ignore images that can be built' }),
      'ignore-pull-failures': flag({ help: 'Pull what it can and ignores images with pull failures' }),
      'include-deps': flag({ help: 'Also pull services declared as dependencies' }),
      policy: parsed(
        { help: 'Apply pull policy ("missing"|"always")' },
        'string',
        oneOf('missing', 'always'),
      ),
      quiet: flag({ short: 'q', help: 'Pull without printing progress information' }),
    },
    async run(context, { options, operands }) {
      const project = openProject(context, choice, operands);
      const named = operands.length > 0 ? operands : Object.keys(project.services);
      const ordered = orderServices(project.services, named);
      const candidates = ordered.filter((name) => {
        const { build, image } = findService(project.services, name);
        if (!options['include-deps'] && !named.includes(name)) return false;
        return build === undefined || (image !== undefined && !options['ignore-buildable']);
      });
      const services: string[] = [];
      for (const name of candidates) {
        const isThere =
          options.policy === 'missing' &&
          (await inspectImage(context.client, imageOf(project, name), context.signal).then(
            () => true,
            (error: unknown) => {
              if (kindOf(error) === 'NotFound') return false;
              throw error;
            },
          ));
        if (!isThere) services.push(name);
      }
      const { quiet } = options;
      await pullServices(context, manner, project, services, {
        ignoreFailures: options['ignore-pull-failures'],
        quiet,
      });
      return 0;
    },
  });
}
