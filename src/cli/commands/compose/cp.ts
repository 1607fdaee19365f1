import { type Command, defineCommand } from '#cli/command.ts';
import { runWords } from '#cli/commands/compose/delegate.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { reportWork, showSteps } from '#cli/commands/compose/show-steps.ts';
import { findContainer, findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { parseCopyOperand } from '#cli/commands/container/copy/paths.ts';
import { command as copyCommand } from '#cli/commands/container/cp.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, integer } from '#cli/options.ts';
import { observeContainers, type ServiceContainer } from '#compose/observe.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose cp`: from a service's container, or into all of its containers. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-', '[OPTIONS] SRC_PATH|- SERVICE:DEST_PATH'],
    operands: { min: 2, max: 2 },
    options: {
      all: flag({ help: 'Include containers created by the run command' }),
      archive: flag({ short: 'a', help: 'Archive mode (copy all uid/gid information)' }),
      'follow-link': flag({ short: 'L', help: 'Always follow symbol link in SRC_PATH' }),
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
    },
    async run(context, { options, operands: [from = '', to = ''] }) {
      const source = parseCopyOperand(from);
      const target = parseCopyOperand(to);
      const { index } = options;
      const copies: Copy[] = [];
      if (source.container !== undefined) {
        const project = findTarget(context, choice, [source.container]);
        const { id, name } = await findContainer(context, project, source.container, index);
        copies.push({ name, from: `${id}:${source.path}`, to, text: `copy ${name}:${source.path} to ${to}` });
      } else if (target.container !== undefined) {
        const containers = await findTargets(context, choice, target.container, { index, all: options.all });
        for (const { id, name } of containers) {
          const text = `copy ${from} to ${name}:${target.path}`;
          copies.push({ name, from, to: `${id}:${target.path}`, text });
        }
      } else throw new DhowError('InvalidParameter', 'must specify at least one container source');
      const flags = [
        '--quiet',
        ...(options.archive ? ['--archive'] : []),
        ...(options['follow-link'] ? ['--follow-link'] : []),
        '--',
      ];
      using screen = showSteps(context, manner);
      for (const copy of copies) {
        const work = { subject: `${copy.name} ${copy.text}`, text: 'Copying', ended: 'Copied' };
        await reportWork(screen, work, async () => {
          if (!manner.dryRun) await runWords(context, copyCommand, [...flags, copy.from, copy.to]);
          return undefined;
        });
      }
      return 0;
    },
  });
}

/** One run of `dhow cp`. */
interface Copy {
  /** The container's. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

async function findTargets(
  context: CliContext,
  choice: ProjectChoice,
  service: string,
  { index, all: oneOffToo }: { index: number | undefined; all: boolean },
): Promise<ServiceContainer[]> {
  const target = findTarget(context, choice, [service]);
  const first = await findContainer(context, target, service, index);
  if (index !== undefined) return [first];
  const all = await observeContainers(context.client, target.name, context.signal);
  const oneOff = all.filter((container) => container.oneOff && container.service === service);
  return [...selectContainers(target, all, [service]), ...(oneOffToo ? oneOff : [])];
}
