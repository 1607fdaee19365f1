import { type Option, parsedList } from '#cli/options.ts';
import type { Filters } from '#client/filters.ts';
import { DhowError } from '#errors/error.ts';

export type Filter = readonly [name: string, value: string];

/** `--filter name=value`, repeatable. */
export function filterOption(
  help = 'Filter output based on conditions provided',
  short?: string,
): Option<readonly Filter[]> {
  return parsedList({ ...(short === undefined ? {} : { short }), help }, 'filter', parseFilter);
}

function parseFilter(text: string): Filter {
  const equals = text.indexOf('=');
  if (equals === -1) throw new DhowError('InvalidParameter', 'bad format of filter (expected name=value)');
  return [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()];
}

/** Filters as the client takes them: each name with all its values. */
export function groupFilters(filters: readonly Filter[]): Filters {
  const grouped = Map.groupBy(filters, ([name]) => name);
  return Object.fromEntries(
    grouped.entries().map(([name, given]) => [name, given.map(([, value]) => value)]),
  );
}
