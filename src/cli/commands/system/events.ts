import { defineCommand } from '#cli/command.ts';
import { parseMoment } from '#cli/commands/system/timestamp.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { text } from '#cli/options.ts';
import { executeTemplate } from '#cli/output/format.ts';
import { formatHelp } from '#cli/output/inspect.ts';
import { functions } from '#cli/output/template/functions.ts';
import { decodeJson, parseJson } from '#cli/output/template/json.ts';
import { parseTemplate } from '#cli/output/template/parse.ts';
import { findField, indirect, pointerTo, sortedEntries, type Value } from '#cli/output/template/value.ts';
import { formatRfc3339 } from '#cli/output/time.ts';
import { eventType } from '#cli/output/types/event-types.ts';
import { encodeFilters } from '#client/filters.ts';
import { DhowError, messageOf } from '#errors/error.ts';

const eventPointer = pointerTo(eventType);

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    filter: filterOption(undefined, 'f'),
    format: text({ help: formatHelp }),
    since: text({ help: 'Show all events created since timestamp' }),
    until: text({ help: 'Stream events until this timestamp' }),
  },
  async run(context, { options }) {
    let show: (event: Value) => string;
    try {
      show = createFormatter(options.format);
    } catch (error) {
      context.stderr.write(`Error parsing format: ${messageOf(error)}\n`);
      return 64;
    }
    const now = Date.now();
    const response = await context.client.request(
      {
        method: 'GET',
        path: '/events',
        query: {
          since: options.since === undefined ? undefined : parseMoment(options.since, now),
          until: options.until === undefined ? undefined : parseMoment(options.until, now),
          filters: encodeFilters(groupFilters(options.filter)),
        },
      },
      context.signal,
    );
    for await (const line of readLines(response.body)) {
      context.stdout.write(`${show(decodeJson(eventPointer, parseJson(line)))}\n`);
    }
    return 0;
  },
});

/** Tries the template on an empty event, so that a wrong one is told before the first event comes. Throws InvalidParameter. */
function createFormatter(format: string | undefined): (event: Value) => string {
  if (format === undefined || format === '') return formatEvent;
  const template = parseTemplate(format === 'json' ? '{{json .}}' : format, (name) => functions.has(name));
  executeTemplate(template, decodeJson(eventPointer, {}));
  return (event) => executeTemplate(template, event);
}

/** `2024-05-06T07:08:09.123456789+02:00 container start 4c01db… (image=busybox, name=web)` */
export function formatEvent(pointer: Value): string {
  const event = indirect(pointer).value ?? pointer;
  const textOf = (name: string, value: Value = event): string => String(findField(value, name)?.data ?? '');
  const nanoseconds = findField(event, 'TimeNano');
  const moment =
    nanoseconds?.kind === 'int' && nanoseconds.data !== 0n
      ? nanoseconds.data
      : secondsOf(event) * 1_000_000_000n;
  const time = formatRfc3339(Number(moment / 1_000_000n), String(moment % 1_000_000_000n).padStart(9, '0'));
  const actor = findField(event, 'Actor');
  const attributes = actor === undefined ? undefined : findField(actor, 'Attributes');
  const pairs = attributes?.kind === 'map' ? sortedEntries(attributes.data ?? new Map()) : [];
  const shown = pairs.map(([key, value]) => `${key}=${value.data}`).join(', ');
  const id = actor === undefined ? '' : textOf('ID', actor);
  return `${time} ${textOf('Type')} ${textOf('Action')} ${id}${shown === '' ? '' : ` (${shown})`}`;
}

function secondsOf(event: Value): bigint {
  const seconds = findField(event, 'Time');
  return seconds?.kind === 'int' ? seconds.data : 0n;
}

/** A longer line of the stream is refused. */
const maximumLineLength = 4 * 1024 * 1024;

/** The lines of a stream as they come. They stay text, because nanoseconds since the epoch do not fit into a double;
 *  without their ends. Throws Unavailable for one above 4 MiB. */
async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of source) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > maximumLineLength)
      throw new DhowError('Unavailable', 'the daemon sent a line above 4 MiB');
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (pending.trim() !== '') yield pending;
}
