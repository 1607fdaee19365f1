import { displayWidth } from '#cli/output/width.ts';

const padding = 3;

/**
 * Lays out lines whose cells are separated by tabs, as Docker does with Go's tabwriter (padding 3). A column
 * is a run of neighbouring lines that all have a tab after this cell; what follows a line's last tab belongs to no column.
 */
export function layOutTable(text: string, minimumWidth = 10): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  for (const [row, cells] of lines.entries()) {
    for (let column = widths[row]?.length ?? 0; column < cells.length - 1; column++)
      setColumn(lines, widths, { row, column, minimumWidth });
  }
  return lines
    .map((cells, row) =>
      cells
        .map((cell, column) => {
          const width = widths[row]?.[column];
          return width === undefined ? cell : cell + ' '.repeat(Math.max(width - displayWidth(cell), 0));
        })
        .join(''),
    )
    .join('\n');
}

/** Finds the run of lines that share the column from this row on, and gives them all the width of the widest. */
function setColumn(
  lines: readonly string[][],
  widths: number[][],
  { row: from, column, minimumWidth }: { row: number; column: number; minimumWidth: number },
): void {
  let end = from;
  let width = 0;
  for (; end < lines.length; end++) {
    const cells = lines[end] ?? [];
    if (column >= cells.length - 1) break;
    width = Math.max(width, displayWidth(cells[column] ?? '') + padding);
  }
  for (let row = from; row < end; row++) {
    const line = widths[row];
    if (line !== undefined) line[column] = Math.max(width, minimumWidth);
  }
}
