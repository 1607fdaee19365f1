import { stringify } from 'yaml';
import { sortKeys } from '#compose/sort-keys.ts';

/** A value as text, its keys in the order of the alphabet. @param escapes whether dollars are doubled, so that reading it again gives the same */
export function renderModel(value: unknown, format: 'yaml' | 'json', escapes: boolean): string {
  const sorted = sortKeys(value);
  const text =
    format === 'json'
      ? `${JSON.stringify(sorted, undefined, 2)}\n`
      : stringify(sorted, { lineWidth: 0, aliasDuplicateObjects: false });
  return escapes ? text.replaceAll('$', '$$$$') : text;
}
