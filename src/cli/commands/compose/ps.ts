import { type Command, defineCommand } from '#cli/command.ts';
import { composeListing, composeTable } from '#cli/commands/compose/container-listing.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { flag, list, parsedList } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { isActive, observeContainers } from '#compose/observe.ts';
import { DhowError } from '#errors/error.ts';

const states = ['paused', 'restarting', 'removing', 'running', 'dead', 'created', 'exited'] as const;

/** `dhow compose ps`: the project's containers. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      all: flag({
        short: 'a',
        help: 'Show all stopped containers (including those created by the run command)',
      }),
      filter: parsedList(
        { help: 'Filter services by a property (supported filters: status)' },
        'string',
        parseFilter,
      ),
      format: listFormat,
      'no-trunc': flag({ help: "Don't truncate output" }),
      orphans: flag({ help: 'Include orphaned services (not declared by project)' }, true),
      quiet: flag({ short: 'q', help: 'Only display IDs' }),
      services: flag({ help: 'Display services' }),
      status: list({ help: `Filter services by status. Values: [${states.join(' | ')}]` }, 'stringArray'),
    },
    async run(context, { options, operands }) {
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(context.client, target.name, context.signal);
      const own = selectContainers(target, all, operands);
      const oneOff = options.all && operands.length === 0 ? all.filter((container) => container.oneOff) : [];
      const wanted = [...options.status, ...options.filter].map(oneOf(...states));
      const rows = [...own, ...oneOff].filter((container) => {
        const isOrphan =
          target.project !== undefined && !Object.hasOwn(target.project.services, container.service);
        if (isOrphan && !options.orphans) return false;
        return wanted.length > 0 ? wanted.includes(container.state) : options.all || isActive(container);
      });
      if (options.services) {
        const names = [...new Set(rows.map(({ service }) => service))];
        context.stdout.write(names.map((name) => `${name}\n`).join(''));
        return 0;
      }
      if (options.quiet) {
        context.stdout.write(rows.map(({ id }) => `${id}\n`).join(''));
        return 0;
      }
      const format = chooseFormat(context, {
        given: options.format,
        configured: undefined,
        quiet: false,
        table: composeTable,
        raw: undefined,
        quietFormat: '',
        quietRaw: '',
      });
      context.stdout.write(renderListing(composeListing(Date.now(), !options['no-trunc']), rows, format));
      return 0;
    },
  });
}

function parseFilter(text: string): string {
  const [name, value = ''] = text.split(/=(.*)/s);
  if (name !== 'status') throw new DhowError('InvalidParameter', `"${text}" is not status=STATUS`);
  return value;
}
