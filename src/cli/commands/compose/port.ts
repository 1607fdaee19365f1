import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findContainer, findTarget } from '#cli/commands/compose/target.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { integer, parsed } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

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
      const { name, summary } = await findContainer(context, target, service, options.index);
      const { protocol = 'tcp' } = options;
      const ports = summary.Ports ?? [];
      const found = ports.find(
        ({ PrivatePort: inner, PublicPort: outer, Type: type }) =>
          String(inner) === port && type === protocol && outer !== undefined,
      );
      if (found === undefined) {
        const shown = ports.map(({ PrivatePort: inner, Type: type }) => `${inner}/${type}`).join(', ');
        throw new DhowError('NotFound', `no port ${port}/${protocol} for container ${name}: ${shown}`);
      }
      const address = found.IP ?? '';
      const host = address.includes(':') ? `[${address}]` : address;
      context.stdout.write(`${host}:${found.PublicPort}\n`);
      return 0;
    },
  });
}
