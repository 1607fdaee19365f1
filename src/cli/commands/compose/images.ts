import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { splitReference } from '#cli/commands/image/reference-text.ts';
import { flag, parsed } from '#cli/options.ts';
import { humanSize } from '#cli/output/size.ts';
import { layOutTable } from '#cli/output/table.ts';
import { shortId } from '#cli/output/width.ts';
import { inspectImage } from '#client/images.ts';
import { observeContainers } from '#compose/observe.ts';
import { humanDuration } from '#wire/human-duration.ts';

/** Wider than in other tables. */
const minimumWidth = 20;

/** `dhow compose images`: what the project's containers were made from. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      format: parsed({ help: 'Format the output. Values: [table | json]' }, 'string', oneOf('table', 'json')),
      quiet: flag({ short: 'q', help: 'Only display IDs' }),
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const containers = selectContainers(target, all, operands);
      if (options.quiet) {
        const ids = new Set(containers.map(({ summary }) => summary.ImageID.replace(/^sha256:/, '')));
        context.stdout.write([...ids].map((id) => `${id}\n`).join(''));
        return 0;
      }
      const rows = await Promise.all(
        containers.map(async ({ name, summary }) => {
          const image = await inspectImage(context.client, summary.ImageID, context.signal);
          const named = summary.Image.startsWith('sha256:') ? undefined : splitReference(summary.Image);
          return {
            ID: image.Id,
            ContainerName: name,
            Repository: named?.name ?? '<none>',
            Tag: named?.tag ?? (named === undefined ? '<none>' : 'latest'),
            Platform: `${image.Os}/${image.Architecture}${image.Variant ? `/${image.Variant}` : ''}`,
            Size: image.Size,
            LastTagTime: image.Metadata.LastTagTime,
          };
        }),
      );
      if (options.format === 'json') {
        context.stdout.write(`${JSON.stringify(rows)}\n`);
        return 0;
      }
      const lines = rows.map((row) =>
        [
          row.ContainerName,
          row.Repository,
          row.Tag,
          row.Platform,
          shortId(row.ID),
          humanSize(row.Size, 3),
          age(row.LastTagTime),
        ].join('\t'),
      );
      const head = 'CONTAINER\tREPOSITORY\tTAG\tPLATFORM\tIMAGE ID\tSIZE\tCREATED';
      context.stdout.write(layOutTable(`${[head, ...lines].join('\n')}\n`, minimumWidth));
      return 0;
    },
  });
}

/** How long ago an image got its name; one that never had one has the year 1. */
function age(lastTagTime: string): string {
  const time = Date.parse(lastTagTime);
  return Number.isNaN(time) || time < 0 ? 'N/A' : `${humanDuration(Date.now() - time)} ago`;
}
