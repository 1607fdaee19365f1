import { type Command, defineCommand } from '#cli/command.ts';
import { runWords } from '#cli/commands/compose/delegate.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findContainer, findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { parseCopyOperand } from '#cli/commands/container/copy/paths.ts';
import { command as copyCommand } from '#cli/commands/container/cp.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, integer, unsupported } from '#cli/options.ts';
import { observeContainers } from '#compose/observe.ts';

/** `dhow compose cp`: from a service's container, or into all of its containers. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-', '[OPTIONS] SRC_PATH|- SERVICE:DEST_PATH'],
    operands: { min: 2, max: 2 },
    options: {
      all: unsupported('nothing'),
      archive: flag({ short: 'a', help: 'Archive mode (copy all uid/gid information)' }),
      'follow-link': flag({ short: 'L', help: 'Always follow symbol link in SRC_PATH' }),
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
    },
    async run(context, { options, operands: [from = '', to = ''] }) {
      const flags = [
        ...(options.archive ? ['--archive'] : []),
        ...(options['follow-link'] ? ['--follow-link'] : []),
        '--',
      ];
      const source = parseCopyOperand(from);
      const target = parseCopyOperand(to);
      if (source.container !== undefined) {
        const project = findTarget(context, choice, [source.container]);
        const { id } = await findContainer(context, project, source.container, options.index);
        return runWords(context, copyCommand, [...flags, `${id}:${source.path}`, to]);
      }
      if (target.container === undefined) return runWords(context, copyCommand, [...flags, from, to]);
      for (const id of await findTargets(context, choice, target.container, options.index)) {
        await runWords(context, copyCommand, [...flags, from, `${id}:${target.path}`]);
      }
      return 0;
    },
  });
}

async function findTargets(
  context: CliContext,
  choice: ProjectChoice,
  service: string,
  index: number | undefined,
): Promise<string[]> {
  const target = findTarget(context, choice, [service]);
  const { id } = await findContainer(context, target, service, index);
  if (index !== undefined) return [id];
  const all = await observeContainers(context.client, target.name, context.signal);
  return selectContainers(target, all, [service]).map((container) => container.id);
}
