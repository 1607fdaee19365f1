import {
  applyEvent,
  type BuildView,
  type StepView,
  seconds,
  stepTitle,
} from '#cli/commands/build/build-state.ts';
import type { Output } from '#cli/context.ts';
import type { BuildEventMessage } from '#wire/build.ts';

/** One line for everything that happens, each with its step's number, for logs and pipes. */
export function createPlainScreen(view: BuildView, output: Output) {
  /** Lines that are not complete, by step and stream. */
  const partial = new Map<string, string>();
  let lastStep = -1;

  function line(step: number, text: string): void {
    if (lastStep !== -1 && lastStep !== step) output.write('\n');
    lastStep = step;
    output.write(`#${step} ${text}\n`);
  }

  function flush(step: number, begun: StepView): void {
    for (const stream of ['stdout', 'stderr']) {
      const key = `${step} ${stream}`;
      const rest = partial.get(key);
      if (rest) line(step, `${seconds(begun, Date.now()).padStart(6)} ${rest}`);
      partial.delete(key);
    }
  }

  return {
    show(event: BuildEventMessage): void {
      const found = applyEvent(view, event);
      if (found === undefined || !('step' in event)) return;
      switch (event.type) {
        case 'started':
          line(event.step, stepTitle(found.step));
          break;
        case 'log': {
          const key = `${event.step} ${event.stream}`;
          const lines = ((partial.get(key) ?? '') + event.text).split('\n');
          partial.set(key, lines.pop() ?? '');
          const at = seconds(found, Date.now()).padStart(6);
          for (const text of lines) line(event.step, `${at} ${text}`);
          break;
        }
        case 'fetching':
          if (event.progress.current === undefined) {
            line(event.step, [event.progress.layer, event.progress.status].filter(Boolean).join(': '));
          }
          break;
        case 'done':
          flush(event.step, found);
          line(event.step, event.cached ? 'CACHED' : `DONE ${seconds(found, event.at)}`);
          break;
        case 'failed':
          flush(event.step, found);
          line(event.step, 'FAILED');
          break;
        case 'cancelled':
          line(event.step, 'CANCELLED');
      }
    },
    finish(): void {},
  };
}
