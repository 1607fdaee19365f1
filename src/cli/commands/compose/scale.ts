import { type Command, defineCommand } from '#cli/command.ts';
import { parseScale, prepareUp } from '#cli/commands/compose/bring-up.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import { flag } from '#cli/options.ts';

/** `dhow compose scale`: so many containers of services, and nothing else changed. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE=REPLICAS...'],
    operands: { min: 1 },
    options: { 'no-deps': flag({ help: "Don't start linked services" }) },
    async run(context, { options, operands }) {
      const scale = new Map(operands.map(parseScale));
      const services = [...scale.keys()];
      const project = openProject(context, choice, services);
      const { steps } = await prepareUp(context, manner, project, {
        services,
        dependencies: !options['no-deps'],
        recreate: 'never',
        recreateDependencies: true,
        scale,
        start: true,
        allResources: choice.allResources,
        renewVolumes: false,
        removeOrphans: false,
        timeoutSeconds: undefined,
        pull: undefined,
        build: false,
        noBuild: false,
        quiet: false,
      });
      await runSteps(context, manner, steps);
      return 0;
    },
  });
}
