import { defineCommand } from '#cli/command.ts';
import type { CliContext } from '#cli/context.ts';
import { flag } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { renderListing } from '#cli/output/listing.ts';
import { type StatsRow, statsListing, statsTable } from '#cli/output/listings/stats.ts';
import { readPreferences } from '#cli/preferences.ts';
import { listContainers, watchStats } from '#client/containers.ts';
import { watchEvents } from '#client/system.ts';
import { kindOf } from '#errors/error.ts';

const refreshMs = 500;
/** Clears the terminal and goes to its upper left corner. */
const clear = '\x1b[2J\x1b[H';

export const command = defineCommand({
  usage: ['[OPTIONS] [CONTAINER...]'],
  operands: {},
  options: {
    all: flag({ short: 'a', help: 'Show all containers (default shows just running)' }),
    format: listFormat,
    'no-stream': flag({ help: 'Disable streaming stats and only pull the first result' }),
    'no-trunc': flag({ help: 'Do not truncate output' }),
  },
  run: (context, { options, operands }) => showStats(context, options, { names: operands, labels: [] }),
});

interface StatsOptions {
  readonly all: boolean;
  readonly format: string | undefined;
  readonly 'no-stream': boolean;
  readonly 'no-trunc': boolean;
}

/** Which containers: those that are named, or without names all that have these labels, `key=value`. */
interface StatsChoice {
  readonly names: readonly string[];
  readonly labels: readonly string[];
}

/** Shows what containers use, until the user stops it; without names, containers come and go as they start and stop. */
export async function showStats(
  context: CliContext,
  options: StatsOptions,
  choice: StatsChoice,
): Promise<number> {
  const { statsFormat } = options.format === undefined ? await readPreferences(context.configDirectory) : {};
  const format = chooseFormat(context, {
    given: options.format,
    configured: statsFormat,
    quiet: false,
    table: statsTable,
    raw: undefined,
    quietFormat: '',
    quietRaw: '',
  });
  const listing = statsListing(!options['no-trunc']);
  const names = choice.names.length > 0 ? choice.names : await listIds(context, options.all, choice.labels);
  if (options['no-stream']) {
    const rows = await Promise.all(names.map((name) => sampleOnce(context, name)));
    context.stdout.write(renderListing(listing, rows, format));
    return 0;
  }
  const named = choice.names.length > 0;
  return watch(context, names, { all: options.all, named, labels: choice.labels }, (rows) =>
    renderListing(listing, rows, format),
  );
}

async function listIds(context: CliContext, all: boolean, labels: readonly string[]): Promise<string[]> {
  const query = { ...(all ? { all } : {}), ...(labels.length > 0 ? { filters: { label: labels } } : {}) };
  const containers = await listContainers(context.client, query, context.signal);
  return containers.map(({ Id: id }) => id.slice(0, 12));
}

async function sampleOnce(context: CliContext, container: string): Promise<StatsRow> {
  for await (const sample of await watchStats(context.client, container, false, context.signal)) {
    return { container, sample };
  }
  return { container, sample: undefined };
}

/** Shows the latest samples twice a second until the user stops it. */
async function watch(
  context: CliContext,
  names: readonly string[],
  { all, named, labels }: { all: boolean; named: boolean; labels: readonly string[] },
  render: (rows: StatsRow[]) => string,
): Promise<number> {
  const rows = new Map<string, StatsRow>();
  const failures: unknown[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);

  async function follow(container: string): Promise<void> {
    if (rows.has(container)) return;
    const row: StatsRow = { container, sample: undefined };
    rows.set(container, row);
    try {
      for await (const sample of await watchStats(context.client, container, true, signal))
        row.sample = sample;
      // It stopped; one that the user named stays as it was last.
      if (!named && !all) rows.delete(container);
    } catch (error) {
      if (!named) rows.delete(container);
      else if (!signal.aborted) {
        failures.push(error);
        stop.abort();
      }
    }
  }

  async function followNew(): Promise<void> {
    const filters = {
      type: ['container'],
      event: all ? ['create', 'start'] : ['start'],
      ...(labels.length > 0 ? { label: labels } : {}),
    };
    for await (const { Actor: actor } of await watchEvents(context.client, { filters }, signal)) {
      void follow(actor.ID.slice(0, 12));
    }
  }

  for (const name of names) void follow(name);
  if (!named) followNew().catch((error: unknown) => failures.push(error));
  while (!signal.aborted) {
    context.stdout.write(`${context.stdout.isTTY ? clear : ''}${render([...rows.values()])}`);
    await pause(signal);
  }
  if (failures.length > 0 && kindOf(failures[0]) !== 'Cancelled') throw failures[0];
  return 0;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, refreshMs);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
