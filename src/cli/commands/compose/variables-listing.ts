import { stringify } from 'yaml';
import type { variablesOf } from '#compose/load-model.ts';

const usualWidth = 20;
const gap = 3;

/** The variables of a project's files, as `compose config --variables` prints them. */
export function listVariables(variables: ReturnType<typeof variablesOf>, format: string | undefined): string {
  const rows = variables.map(({ name, operator, word }) => ({
    name,
    required: operator === '?',
    usual: operator === '-' ? word : '',
    alternate: operator === '+' ? word : '',
  }));
  if (format === 'json') {
    const entries = rows.map(({ name, required, usual, alternate }) => {
      return [
        name,
        { Name: name, DefaultValue: usual, PresenceValue: alternate, Required: required },
      ] as const;
    });
    return `${JSON.stringify(Object.fromEntries(entries), undefined, 4)}\n`;
  }
  if (format === 'yaml') {
    const entries = rows.map(({ name, required, usual, alternate }) => {
      return [name, { name, defaultvalue: usual, presencevalue: alternate, required }] as const;
    });
    return stringify(Object.fromEntries(entries), { indent: 4, lineWidth: 0 });
  }
  return layOut([
    ['NAME', 'REQUIRED', 'DEFAULT VALUE', 'ALTERNATE VALUE'],
    ...rows.map(({ name, required, usual, alternate }) => [name, String(required), usual, alternate]),
  ]);
}

/** Columns are wider than those of other tables. */
function layOut(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) =>
    Math.max(usualWidth, ...rows.map((row) => (row[column] ?? '').length + gap)),
  );
  return rows
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('')}\n`)
    .join('');
}
