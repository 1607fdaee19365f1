import { pairedRatio, summarize } from './statistics.ts';

/** What one scenario has found out. */
export interface Table {
  readonly title: string;
  readonly unit: 'ms' | 'µs' | 'KiB' | 'MiB' | 'Gbit/s';
  readonly rows: readonly Row[];
  /** Names of the rows that the others are divided by. */
  readonly references: readonly string[];
  /** What the rows are made of, a line each. */
  readonly notes?: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly samples: readonly number[];
}

/** A Markdown table, which is readable as it is. */
export function formatTable(table: Table): string {
  const { title, unit, rows } = table;
  const references = table.references.flatMap((name) => rows.find((row) => row.name === name) ?? []);
  const header = ['', 'n', 'min', 'median', 'p95', ...references.map(({ name }) => `÷ ${name}`)];
  const body = rows.map((row) => {
    const { min, median, p95 } = summarize(row.samples);
    const ratios = references.map((reference) =>
      reference === row ? '1' : pairedRatio(row.samples, reference.samples).toFixed(3),
    );
    return [row.name, String(row.samples.length), ...[min, median, p95].map(formatNumber), ...ratios];
  });
  const widths = header.map((_, column) =>
    // A rule of Markdown has a dash beside its colon.
    Math.max(2, ...[header, ...body].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const notes = (table.notes ?? []).map((note) => `- ${note}`);
  return [
    `**${title}** (${unit})`,
    '',
    ...[line(header), rule, ...body.map(line), ''],
    ...(notes.length > 0 ? [...notes, ''] : []),
  ].join('\n');
}

function formatNumber(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** One row for each contestant, named as it is. */
export function rowsOf(samples: ReadonlyMap<{ readonly name: string }, readonly number[]>): Row[] {
  return [...samples].map(([{ name }, values]) => ({ name, samples: values }));
}
