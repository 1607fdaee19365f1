import { type Command, defineCommand } from '#cli/command.ts';
import { optionWords, runWords } from '#cli/commands/compose/delegate.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { reportWork, showSteps } from '#cli/commands/compose/show-steps.ts';
import { findContainer, findTarget } from '#cli/commands/compose/target.ts';
import { command as exportCommand } from '#cli/commands/container/export.ts';
import { integer, text } from '#cli/options.ts';

/** `dhow compose export`: the file system of a service's container as a tar archive. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE'],
    operands: { min: 1, max: 1 },
    options: {
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
      output: text({ short: 'o', help: 'Write to a file, instead of STDOUT' }),
    },
    async run(context, { options: { index, output }, operands: [service = ''] }) {
      const target = findTarget(context, choice, [service]);
      const { id, name } = await findContainer(context, target, service, index);
      using screen = showSteps(context, manner);
      const subject = `${name} export ${name} to ${output ?? 'standard output'}`;
      await reportWork(screen, { subject, text: 'Exporting', ended: 'Exported' }, async () => {
        if (!manner.dryRun) await runWords(context, exportCommand, [...optionWords('output', output), id]);
        return undefined;
      });
      return 0;
    },
  });
}
