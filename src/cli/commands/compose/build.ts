import { type Command, defineCommand } from '#cli/command.ts';
import { buildServices } from '#cli/commands/compose/build-services.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { pushServices } from '#cli/commands/compose/push.ts';
import { flag, list, unsupported } from '#cli/options.ts';
import { findService, orderServices } from '#compose/dependencies.ts';

/** `dhow compose build`: the images of all services that have something to build. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'build-arg': list({ help: 'Set build-time variables for services' }, 'stringArray'),
      builder: unsupported('value'),
      check: unsupported('nothing'),
      memory: unsupported('value', 'm'),
      'no-cache': flag({ help: 'Do not use cache when building the image' }),
      print: unsupported('nothing'),
      provenance: unsupported('value'),
      pull: flag({ help: 'Always attempt to pull a newer version of the image' }),
      push: flag({ help: 'Push service images' }),
      quiet: flag({ short: 'q', help: 'Suppress the build output' }),
      sbom: unsupported('value'),
      ssh: unsupported('value'),
      'with-dependencies': flag({ help: 'Also build dependencies (transitively)' }),
    },
    async run(context, { options, operands }) {
      const project = openProject(context, choice, operands);
      const named = operands.length > 0 ? operands : Object.keys(project.services);
      const ordered = orderServices(project.services, named);
      const services = ordered.filter(
        (name) =>
          (options['with-dependencies'] || named.includes(name)) &&
          findService(project.services, name).build !== undefined,
      );
      const args = new Map(
        options['build-arg'].map((text): [string, string | null] => {
          const [key = '', value] = text.split(/=(.*)/s);
          return [key, value ?? null];
        }),
      );
      const { pull, quiet } = options;
      await buildServices(context, manner, project, services, {
        noCache: options['no-cache'],
        pull,
        quiet,
        args,
      });
      if (options.push)
        await pushServices(context, manner, project, services, { ignoreFailures: false, quiet });
      return 0;
    },
  });
}
