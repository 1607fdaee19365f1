import {
  applyEvent,
  type BuildView,
  type StepView,
  seconds,
  stepTitle,
} from '#cli/commands/build/build-state.ts';
import type { Output } from '#cli/context.ts';
import { humanSize } from '#cli/output/size.ts';
import { cutToWidth, displayWidth } from '#cli/output/width.ts';
import type { BuildEventMessage } from '#wire/build.ts';

const paintIntervalMs = 80;
const usualColumns = 80;
const usualRows = 24;
/** Lines of output shown below a step that runs. */
const shownTail = 6;

/**
 * The steps at the bottom of a terminal, painted in place: those that run with the end of their output, and as many of those that
 * are over as there is room for. At the end all steps stay, and of one that failed its output.
 */
export function createLiveScreen(view: BuildView, output: Output) {
  let painted = 0;
  let timer: NodeJS.Timeout | undefined;
  const begunAt = Date.now();

  function paint(rows: string[]): void {
    const up = painted > 0 ? `\x1b[${painted}A` : '';
    output.write(`${up}\r${rows.map((row) => `${row}\x1b[K\n`).join('')}\x1b[J`);
    painted = rows.length;
  }

  function paintNow(): void {
    timer = undefined;
    const columns = output.columns || usualColumns;
    // One row stays free for the cursor.
    const room = Math.max((output.rows || usualRows) - 2, 3);
    const now = Date.now();
    const known = view.steps.filter((step) => step !== undefined);
    const over = known.filter(({ state }) => state !== 'running' && state !== 'waiting');
    const running = known.filter(({ state }) => state === 'running');
    const head = `[+] Building ${((now - begunAt) / 1000).toFixed(1)}s (${over.length}/${known.length})`;
    const active = running.flatMap((step) => runningRows(step, columns, now)).slice(0, room - 1);
    const past = over.slice(-Math.max(room - 1 - active.length, 0));
    const shown = room - 1 - active.length > 0 ? past.map((step) => stepRow(step, columns, now)) : [];
    paint([cutToWidth(head, columns), ...shown, ...active]);
    if (running.length > 0) timer ??= setTimeout(paintNow, 500).unref();
  }

  return {
    show(event: BuildEventMessage): void {
      applyEvent(view, event);
      if (timer !== undefined && event.type === 'log') return;
      clearTimeout(timer);
      timer = setTimeout(paintNow, paintIntervalMs).unref();
    },
    finish(): void {
      clearTimeout(timer);
      const columns = output.columns || usualColumns;
      const now = Date.now();
      const begun = view.steps.filter((step) => step !== undefined && step.state !== 'waiting');
      const head = `[+] Building ${((now - begunAt) / 1000).toFixed(1)}s (${begun.length}/${view.steps.length})`;
      const failed = begun.filter(({ state }) => state === 'failed');
      paint([
        cutToWidth(head, columns),
        ...begun.map((step) => stepRow(step, columns, now)),
        ...failed.flatMap((step) => [
          '------',
          ...step.tail.filter(Boolean).map((line) => cutToWidth(clean(line), columns)),
          '------',
        ]),
      ]);
      painted = 0;
    },
  };
}

function stepRow(view: StepView, columns: number, now: number): string {
  const marks = { cached: 'CACHED ', failed: 'FAILED ', cancelled: 'CANCELLED ' } as Record<string, string>;
  const time = view.state === 'cached' ? '' : seconds(view, now);
  const text = cutToWidth(
    clean(` => ${marks[view.state] ?? ''}${stepTitle(view.step)}`),
    columns - time.length - 1,
  );
  const gap = ' '.repeat(Math.max(columns - displayWidth(text) - time.length, 1));
  return time === '' ? text : `${text}${gap}${time}`;
}

function runningRows(view: StepView, columns: number, now: number): string[] {
  const fetching = [...view.fetching]
    .filter(([layer]) => layer !== '')
    .map(([layer, { status, current, total }]) => {
      const amount =
        current === undefined ? '' : ` ${humanSize(current, 4)}${total ? `/${humanSize(total, 4)}` : ''}`;
      return cutToWidth(` => => ${layer}: ${status}${amount}`, columns);
    });
  const tail = view.tail
    .filter((line) => line.trim() !== '')
    .slice(-shownTail)
    .map((line) => cutToWidth(` => => # ${clean(line)}`, columns));
  return [stepRow(view, columns, now), ...fetching.slice(-shownTail), ...tail];
}

/** A command's output must not move the cursor. */
function clean(text: string): string {
  const visible = text.slice(text.lastIndexOf('\r', text.length - 2) + 1).replaceAll('\t', '    ');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return visible.replace(/\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x1f\x7f]/g, '');
}
