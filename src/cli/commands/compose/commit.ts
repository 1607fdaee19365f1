import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { reportWork, showSteps } from '#cli/commands/compose/show-steps.ts';
import { findContainer, findTarget } from '#cli/commands/compose/target.ts';
import { splitReference } from '#cli/commands/image/reference-text.ts';
import { flag, integer, list, text } from '#cli/options.ts';
import { commitContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose commit`: an image of what a service's container has become. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE [REPOSITORY[:TAG]]'],
    operands: { min: 1, max: 2 },
    options: {
      author: text({ short: 'a', help: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' }),
      change: list({ short: 'c', help: 'Apply Dockerfile instruction to the created image' }),
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
      message: text({ short: 'm', help: 'Commit message' }),
      pause: flag({ short: 'p', help: 'Pause container during commit (default true)' }, true),
    },
    async run(context, { options, operands: [service = '', reference] }) {
      const image = reference === undefined ? undefined : splitReference(reference);
      if (image?.digest !== undefined) {
        throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
      }
      const target = findTarget(context, choice, [service]);
      const { id, name } = await findContainer(context, target, service, options.index);
      const request = {
        container: id,
        repo: image?.name,
        tag: image?.tag,
        comment: options.message,
        author: options.author,
        changes: options.change,
        pause: options.pause ? undefined : ('false' as const),
      };
      using screen = showSteps(context, manner);
      const work = { subject: `${name} Commit ${name}`, text: 'Committing', ended: 'Committed' };
      await reportWork(screen, work, async () => {
        if (manner.dryRun) return undefined;
        const { Id: made } = await commitContainer(context.client, request, context.signal);
        return `Committed as ${made}`;
      });
      return 0;
    },
  });
}
