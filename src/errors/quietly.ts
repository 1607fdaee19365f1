import { messageOf } from '#errors/error.ts';

/** Receives undo steps that failed; the daemon installs its log, tests may collect. */
export type UndoFailureListener = (step: string, error: unknown) => void;

let listener: UndoFailureListener = (step, error) => {
  process.emitWarning(`undo step failed: ${step}: ${messageOf(error)}`);
};

export function onUndoFailure(replacement: UndoFailureListener): void {
  listener = replacement;
}

/**
 * Wraps an undo step so that its own failure is reported and swallowed: the first failure is the one that
 * the caller must see. For use with `AsyncDisposableStack.defer`.
 */
export function quietly(step: string, undo: () => void | Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await undo();
    } catch (error) {
      listener(step, error);
    }
  };
}
