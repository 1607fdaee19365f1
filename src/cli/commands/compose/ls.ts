import { type Command, defineCommand } from '#cli/command.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import { filterOption } from '#cli/filters.ts';
import { flag, parsed } from '#cli/options.ts';
import { layOutTable } from '#cli/output/table.ts';
import { listContainers } from '#client/containers.ts';
import { label } from '#compose/labels.ts';
import { DhowError } from '#errors/error.ts';

/** Wider than in other tables. */
const minimumWidth = 20;

/** `dhow compose ls`: all projects that the daemon has containers of. */
export function createVerb(): Command {
  return defineCommand({
    usage: ['[OPTIONS]'],
    operands: { max: 0 },
    options: {
      all: flag({ short: 'a', help: 'Show all stopped Compose projects' }),
      filter: filterOption('Filter output based on conditions provided (name=TEXT)'),
      format: parsed({ help: 'Format the output. Values: [table | json]' }, 'string', oneOf('table', 'json')),
      quiet: flag({ short: 'q', help: 'Only display project names' }),
    },
    async run(context, { options }) {
      const wanted = options.filter.map(([key, value]) => {
        if (key === 'name') return new RegExp(value);
        throw new DhowError('InvalidParameter', `--filter takes name=TEXT, not "${key}"`);
      });
      const filters = { label: [label.project, `${label.oneOff}=False`] };
      const rows = await listContainers(context.client, { all: options.all, filters }, context.signal);
      const projects = Map.groupBy(rows, ({ Labels: labels }) => labels[label.project] ?? '');
      const listed = [...projects]
        .filter(([name]) => wanted.length === 0 || wanted.some((pattern) => pattern.test(name)))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, containers]) => ({
          Name: name,
          Status: countStates(containers.map(({ State: state }) => state)),
          ConfigFiles: containers[0]?.Labels[label.files] ?? 'N/A',
        }));
      if (options.quiet) context.stdout.write(listed.map(({ Name: name }) => `${name}\n`).join(''));
      else if (options.format === 'json') context.stdout.write(`${JSON.stringify(listed)}\n`);
      else {
        const lines = listed.map((row) => `${row.Name}\t${row.Status}\t${row.ConfigFiles}`);
        context.stdout.write(
          layOutTable(`${['NAME\tSTATUS\tCONFIG FILES', ...lines].join('\n')}\n`, minimumWidth),
        );
      }
      return 0;
    },
  });
}

/** `exited(1), running(2)` */
function countStates(states: readonly string[]): string {
  const counts = [...Map.groupBy(states, (state) => state)].sort(([a], [b]) => (a < b ? -1 : 1));
  return counts.map(([state, all]) => `${state}(${all.length})`).join(', ');
}
