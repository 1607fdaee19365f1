import { type Manner, progressOutput } from '#cli/commands/compose/manner.ts';
import type { CliContext, Output } from '#cli/context.ts';
import { cutToWidth } from '#cli/output/width.ts';
import type { StepReport } from '#compose/execute.ts';

const paintIntervalMs = 80;
const usualColumns = 80;
const usualRows = 24;

export interface StepScreen extends Disposable {
  /** Whether reports replace each other, so that many of them do no harm. */
  readonly isPainted: boolean;
  readonly report: (report: StepReport) => void;
}

/**
 * Shows what is being done: on a terminal one row for each thing, painted in place, elsewhere one line for each change. Nothing is
 * printed when nothing is reported.
 */
export function showSteps(
  context: CliContext,
  manner: Manner,
  look: 'lines' | 'painted' = 'painted',
): StepScreen {
  const output = progressOutput(context, manner);
  const { dryRun } = manner;
  const usual = output.isTTY === true ? 'tty' : 'plain';
  const progress = manner.progress === 'auto' ? usual : manner.progress;
  const prefix = dryRun ? ' DRY-RUN MODE - ' : '';
  switch (progress) {
    case 'quiet':
      return createLineScreen(output, () => '');
    case 'json':
      return createLineScreen(output, ({ subject, text }) => {
        const message = { ...(dryRun ? { 'dry-run': true } : {}), id: subject, status: text };
        return `${JSON.stringify(message)}\n`;
      });
    case 'tty':
      if (look === 'painted') return createLiveScreen(output, prefix, !context.environment['NO_COLOR']);
  }
  return createLineScreen(output, ({ subject, text }) => `${prefix} ${subject}  ${text}\n`);
}

/** Does one piece of work and shows how it goes. `run` may answer with a text that is told in the place of `ended`. */
export async function reportWork(
  { report }: StepScreen,
  { subject, text, ended }: { subject: string; text: string; ended: string },
  run: () => Promise<string | undefined>,
): Promise<void> {
  report({ subject, state: 'working', text });
  try {
    report({ subject, state: 'done', text: (await run()) ?? ended });
  } catch (error) {
    report({ subject, state: 'failed', text: 'Error' });
    throw error;
  }
}

function createLineScreen(output: Output, lineFor: (report: StepReport) => string): StepScreen {
  return {
    isPainted: false,
    report: (report) => {
      output.write(lineFor(report));
    },
    [Symbol.dispose]() {},
  };
}

const marks = { working: ' ', done: '✔', failed: '✘' } as const;
const colours = { working: '', done: '\x1b[32m', failed: '\x1b[31m' } as const;

function createLiveScreen(output: Output, prefix: string, coloured: boolean): StepScreen {
  const markOf = (state: StepReport['state']) =>
    coloured ? `${colours[state]}${marks[state]}\x1b[0m` : marks[state];

  const rows = new Map<string, { report: StepReport; begunAt: number; endedAt: number | undefined }>();
  let painted = 0;
  let timer: NodeJS.Timeout | undefined;

  function paint(limit: number): void {
    timer = undefined;
    const columns = output.columns || usualColumns;
    const all = [...rows.values()];
    const over = all.filter(({ report }) => report.state !== 'working').length;
    // What is under way is shown first when there is no room for all.
    const cut = all.length > limit ? all.filter(({ report }) => report.state === 'working') : all;
    const lines = cut.slice(0, limit).map(({ report, begunAt, endedAt }) => {
      const seconds = `${(((endedAt ?? Date.now()) - begunAt) / 1000).toFixed(1)}s`;
      const text = cutToWidth(`${prefix}${report.subject}  ${report.text}`, columns - seconds.length - 5);
      return ` ${markOf(report.state)} ${text.padEnd(columns - seconds.length - 4)}${seconds}`;
    });
    const head = `[+] Running ${over}/${all.length}`;
    const up = painted > 0 ? `\x1b[${painted}A` : '';
    output.write(`${up}\r${[head, ...lines].map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
    painted = lines.length + 1;
    const isWorking = over < all.length;
    if (isWorking) timer = setTimeout(paintNow, 500).unref();
  }
  // One row stays free for the cursor, and one is the head.
  const paintNow = () => paint(Math.max((output.rows || usualRows) - 2, 1));

  return {
    isPainted: true,
    report: (report) => {
      const known = rows.get(report.subject);
      const now = Date.now();
      const begunAt = known === undefined || known.endedAt !== undefined ? now : known.begunAt;
      rows.set(report.subject, { report, begunAt, endedAt: report.state === 'working' ? undefined : now });
      clearTimeout(timer);
      timer = setTimeout(paintNow, paintIntervalMs).unref();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      if (rows.size > 0) paint(Number.POSITIVE_INFINITY);
    },
  };
}
