import type { Output } from '#cli/context.ts';
import { humanSize } from '#cli/output/size.ts';
import { cutToWidth, displayWidth } from '#cli/output/width.ts';
import { DhowError } from '#errors/error.ts';
import type { ProgressDetail, ProgressMessage } from '#wire/progress.ts';

/** A terminal is repainted at most so often; what changes in between is shown by the next painting. */
const paintIntervalMs = 50;
/** Where the terminal does not tell its size. */
const usualColumns = 80;
const usualRows = 24;
const barCells = 50;

/**
 * Shows the progress of a pull, push, load, import or prune until the stream ends. On a terminal each layer has a line that
 * moves; elsewhere only messages without a measure are printed, one a line, as Docker does.
 *
 * @throws Unauthorized or Internal with the daemon's words when the stream says that the operation failed
 */
export async function showProgress(
  messages: AsyncIterable<ProgressMessage>,
  output: Output,
  onAux: (aux: unknown) => void = () => {},
): Promise<void> {
  const screen = output.isTTY === true ? new LiveScreen(output) : new PlainScreen(output);
  try {
    for await (const message of messages) {
      if (message.aux !== undefined && message.aux !== null) {
        onAux(message.aux);
        continue;
      }
      const failure = failureOf(message);
      if (failure !== undefined) throw failure;
      screen.show(message);
    }
  } finally {
    screen.finish();
  }
}

/** The error that a line of the stream carries. */
export function failureOf(message: ProgressMessage): DhowError | undefined {
  const text = message.errorDetail?.message || message.error;
  if (text === undefined || text === '') return undefined;
  return new DhowError(message.errorDetail?.code === 401 ? 'Unauthorized' : 'Internal', text);
}

interface Screen {
  show(message: ProgressMessage): void;
  finish(): void;
}

class PlainScreen implements Screen {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  show(message: ProgressMessage): void {
    if (message.progressDetail !== undefined && isMeasured(message.progressDetail)) return;
    this.#output.write(plainLine(message));
  }

  finish(): void {}
}

/** Lines of the layers at the bottom of the terminal, repainted in place; everything else scrolls past above them. */
class LiveScreen implements Screen {
  readonly #output: Output;
  readonly #lines = new Map<string, ProgressMessage>();
  #paintedRows = 0;
  #lastPaint = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  show(message: ProgressMessage): void {
    const { id } = message;
    const isLine =
      id !== undefined && id !== '' && (message.progressDetail !== undefined || !!message.progress);
    if (!isLine) {
      this.finish();
      this.#output.write(plainLine(message));
      return;
    }
    this.#lines.set(id, message);
    this.#schedule();
  }

  /** Paints the last state, which stays. Lines that come later start a new block. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.size > 0) this.#paint(Number.POSITIVE_INFINITY);
    this.#lines.clear();
    this.#paintedRows = 0;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#lastPaint + paintIntervalMs - performance.now();
    if (wait <= 0) this.#paintNow();
    else this.#timer = setTimeout(() => this.#paintNow(), wait);
  }

  #paintNow(): void {
    this.#timer = undefined;
    this.#lastPaint = performance.now();
    // One row stays free for the cursor: painting into the last one would scroll, and the lines would not be found again.
    this.#paint(Math.max((this.#output.rows || usualRows) - 1, 1));
  }

  #paint(maxRows: number): void {
    const columns = this.#output.columns || usualColumns;
    let rows = [...this.#lines].map(([id, message]) => layerLine(id, message, columns));
    if (rows.length > maxRows) rows = shortened([...this.#lines.values()], rows, maxRows);
    const up = this.#paintedRows > 0 ? `\x1b[${this.#paintedRows}A` : '';
    this.#output.write(`${up}\r${rows.map((row) => `${row}\x1b[K\n`).join('')}\x1b[J`);
    this.#paintedRows = rows.length;
  }
}

/** The lines of layers under way, and how many others there are: there is no room for all. */
function shortened(messages: readonly ProgressMessage[], rows: readonly string[], maxRows: number): string[] {
  const active = rows.filter((_row, i) => isMeasured(messages[i]?.progressDetail ?? {}));
  const shown = active.slice(0, maxRows - 1);
  return [...shown, `(${rows.length - shown.length} more)`];
}

function isMeasured(detail: ProgressDetail): boolean {
  return (detail.current ?? 0) > 0 || (detail.total ?? 0) > 0;
}

function plainLine(message: ProgressMessage): string {
  const prefix = message.id ? `${message.id}: ` : '';
  if (message.stream) return prefix + message.stream;
  if (message.progress && message.progressDetail === undefined)
    return `${prefix}${message.status ?? ''} ${message.progress}\n`;
  return `${prefix}${message.status ?? ''}\n`;
}

function layerLine(id: string, message: ProgressMessage, columns: number): string {
  const text = `${id}: ${message.status ?? ''}`;
  const detail = message.progressDetail ?? {};
  if (!isMeasured(detail))
    return cutToWidth(`${text}${message.progress ? ` ${message.progress}` : ''}`, columns);
  const counts = formatCounts(detail);
  const cells = Math.min(columns - displayWidth(text) - displayWidth(counts) - 5, barCells);
  const bar = (detail.total ?? 0) > 0 && cells >= 10 ? `${formatBar(detail, cells)} ` : '';
  return cutToWidth(`${text} ${bar}${counts}`, columns);
}

function formatBar({ current = 0, total = 0 }: ProgressDetail, cells: number): string {
  const filled = Math.min(Math.floor((current / total) * cells), cells);
  return `[${'='.repeat(filled)}>${' '.repeat(cells - filled)}]`;
}

function formatCounts({ current = 0, total = 0, units, hidecounts }: ProgressDetail): string {
  if (hidecounts === true) return '';
  const show = (count: number) => (units ? `${count} ${units}` : humanSize(count, 4));
  const shown = show(current).padStart(8);
  return total > 0 && current <= total ? `${shown}/${show(total)}` : shown;
}
