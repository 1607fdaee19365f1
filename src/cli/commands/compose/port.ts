import { type Command, defineCommand } from '#cli/command.ts';
import { runWords } from '#cli/commands/compose/delegate.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findContainer, findTarget } from '#cli/commands/compose/target.ts';
import { command as portCommand } from '#cli/commands/container/port.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { integer, parsed } from '#cli/options.ts';

/** `dhow compose port`: where a port of a service is published. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE PRIVATE_PORT'],
    operands: { min: 2, max: 2 },
    options: {
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
      protocol: parsed({ help: 'tcp or udp (default "tcp")' }, 'string', oneOf('tcp', 'udp', 'sctp')),
    },
    async run(context, { options, operands: [service = '', port = ''] }) {
      const target = findTarget(context, choice, [service]);
      const { id } = await findContainer(context, target, service, options.index);
      return runWords(context, portCommand, [id, `${port}/${options.protocol ?? 'tcp'}`]);
    },
  });
}
