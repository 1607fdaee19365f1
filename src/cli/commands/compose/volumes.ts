import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { flag } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { compareNaturally } from '#cli/output/listings/names.ts';
import { volumeListing, volumeRaw, volumeTable } from '#cli/output/listings/volumes.ts';
import { listVolumes } from '#client/volumes.ts';
import { label } from '#compose/labels.ts';
import { observeContainers } from '#compose/observe.ts';

/** `dhow compose volumes`: the project's volumes, or those of them that services' containers use. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      format: listFormat,
      quiet: flag({ short: 'q', help: 'Only display volume names' }),
    },
    async run(context, { options, operands }) {
      const { client, signal } = context;
      const target = findTarget(context, choice, operands);
      const containers = selectContainers(
        target,
        await observeContainers(client, target.name, signal),
        operands,
      );
      const used = new Set(containers.flatMap(({ summary }) => summary.Mounts.map(({ Name: name }) => name)));
      const filters = { label: [`${label.project}=${target.name}`] };
      const { Volumes: volumes } = await listVolumes(client, filters, signal);
      const rows = (volumes ?? [])
        .filter(({ Name: name }) => operands.length === 0 || used.has(name))
        .sort((a, b) => compareNaturally(a.Name, b.Name));
      const format = chooseFormat(context, {
        given: options.format,
        configured: undefined,
        quiet: options.quiet,
        table: volumeTable,
        raw: volumeRaw,
        quietWins: true,
        quietFormat: '{{.Name}}',
        quietRaw: 'name: {{.Name}}',
      });
      context.stdout.write(renderListing(volumeListing(), rows, format));
      return 0;
    },
  });
}
