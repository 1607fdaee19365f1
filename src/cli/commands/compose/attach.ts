import { type Command, defineCommand } from '#cli/command.ts';
import { optionWords, runWords } from '#cli/commands/compose/delegate.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findContainer, findTarget } from '#cli/commands/compose/target.ts';
import { command as attachCommand } from '#cli/commands/container/attach.ts';
import { flag, integer, text } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose attach`: our standard streams on those of a service's container. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE'],
    operands: { min: 1, max: 1 },
    options: {
      'detach-keys': text({ help: 'Override the key sequence for detaching from a container' }),
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
      'no-stdin': flag({ help: 'Do not attach STDIN' }),
      'sig-proxy': flag({ help: 'Proxy all received signals to the process (default true)' }, true),
    },
    async run(context, { options, operands: [service = ''] }) {
      const target = findTarget(context, choice, [service]);
      const { id } = await findContainer(context, target, service, options.index);
      if (manner.dryRun) {
        throw new DhowError('InvalidParameter', 'interactive run is not supported in dry-run mode');
      }
      return runWords(context, attachCommand, [
        ...optionWords('detach-keys', options['detach-keys']),
        ...(options['no-stdin'] ? ['--no-stdin'] : []),
        `--sig-proxy=${options['sig-proxy']}`,
        id,
      ]);
    },
  });
}
