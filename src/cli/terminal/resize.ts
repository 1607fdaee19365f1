import type { CliContext } from '#cli/context.ts';
import type { TerminalSize } from '#client/containers.ts';

const attempts = 5;
const pauseMs = 10;

/**
 * Keeps the size of a container's terminal the same as ours, from now on. A failure is not worth a word: the process may have
 * ended, or be about to begin (then it is tried again a few times).
 */
export function followSize(
  context: CliContext,
  resize: (size: TerminalSize, signal: AbortSignal) => Promise<void>,
): Disposable {
  const { stdout, signals } = context;
  const over = new AbortController();
  const send = async () => {
    const { rows, columns } = stdout;
    if (!rows || !columns) return;
    for (let attempt = 1; attempt <= attempts && !over.signal.aborted; attempt++) {
      try {
        await resize({ rows, columns }, over.signal);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, attempt * pauseMs));
      }
    }
  };
  const listening = signals.onResize(() => void send());
  void send();
  return {
    [Symbol.dispose]() {
      over.abort();
      listening[Symbol.dispose]();
    },
  };
}
