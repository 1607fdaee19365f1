import type { Output } from '#cli/context.ts';
import { cutToWidth } from '#cli/output/width.ts';
import type { StepReport } from '#compose/execute.ts';

const paintIntervalMs = 80;
const usualColumns = 80;
const usualRows = 24;

export interface StepScreen extends Disposable {
  readonly report: (report: StepReport) => void;
}

/**
 * Shows what is being done: on a terminal one row for each thing, painted in place, elsewhere one line for each change. Nothing is
 * printed when nothing is reported.
 */
export function showSteps(output: Output, look: 'lines' | 'painted' = 'painted'): StepScreen {
  return output.isTTY === true && look === 'painted' ? createLiveScreen(output) : createPlainScreen(output);
}

function createPlainScreen(output: Output): StepScreen {
  return {
    report: ({ subject, text }) => {
      output.write(` ${subject}  ${text}\n`);
    },
    [Symbol.dispose]() {},
  };
}

const marks = { working: ' ', done: '\x1b[32m✔\x1b[0m', failed: '\x1b[31m✘\x1b[0m' } as const;

function createLiveScreen(output: Output): StepScreen {
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
      const text = cutToWidth(`${report.subject}  ${report.text}`, columns - seconds.length - 5);
      return ` ${marks[report.state]} ${text.padEnd(columns - seconds.length - 4)}${seconds}`;
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
