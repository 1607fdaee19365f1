import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget } from '#cli/commands/compose/target.ts';
import { parseMoment } from '#cli/commands/system/timestamp.ts';
import { flag, text } from '#cli/options.ts';
import { formatRfc3339 } from '#cli/output/time.ts';
import { watchEvents } from '#client/system.ts';
import { label } from '#compose/labels.ts';

/** `dhow compose events`: what happens to the project's containers, as it happens. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      json: flag({ help: 'Output events as a stream of json objects' }),
      since: text({ help: 'Show all events created since timestamp' }),
      until: text({ help: 'Stream events until this timestamp' }),
    },
    async run(context, { options, operands }) {
      const { name } = findTarget(context, choice, operands);
      const now = Date.now();
      const moment = (given: string | undefined) =>
        given === undefined ? undefined : parseMoment(given, now);
      const filters = { type: ['container'], label: [`${label.project}=${name}`] };
      const query = { since: moment(options.since), until: moment(options.until), filters };
      for await (const event of await watchEvents(context.client, query, context.signal)) {
        const { ID: id, Attributes: all } = event.Actor;
        const service = all[label.service] ?? '';
        if (operands.length > 0 && !operands.includes(service)) continue;
        const time = formatRfc3339(event.time * 1000);
        const attributes = Object.fromEntries(
          Object.entries(all).filter(([key]) => !key.startsWith('com.docker.compose.')),
        );
        const shown = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
        context.stdout.write(
          options.json
            ? `${JSON.stringify({ action: event.Action, attributes, id, service, time, type: 'container' })}\n`
            : `${time} container ${event.Action} ${id} (${shown.join(', ')})\n`,
        );
      }
      return 0;
    },
  });
}
