import type { CliContext } from '#cli/context.ts';
import type { TerminalSize } from '#client/containers.ts';

const attempts = 5;
const pauseMs = 10;

/**
 * Keeps the size of a container's terminal the same as ours, from now on. A failure is not worth a word: the process may have
 * ended, or be about to begin (then it is tried again a few times). With `redraw` there is a change in any case, which is what makes
 * a program that has drawn already, such as a shell, draw again.
 */
export function followSize(
  context: CliContext,
  resize: (size: TerminalSize, signal: AbortSignal) => Promise<void>,
  { redraw = false } = {},
): Disposable {
  const { stdout, signals } = context;
  const over = new AbortController();
  const send = async (change = 0) => {
    const { rows, columns } = stdout;
    if (!rows || !columns) return;
    for (let attempt = 1; attempt <= attempts && !over.signal.aborted; attempt++) {
      try {
        await resize({ rows: rows + change, columns: columns + change }, over.signal);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, attempt * pauseMs));
      }
    }
  };
  const listening = signals.onResize(() => void send());
  void (redraw ? send(1).then(() => send()) : send());
  return {
    [Symbol.dispose]() {
      over.abort();
      listening[Symbol.dispose]();
    },
  };
}
