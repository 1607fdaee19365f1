import type { Client } from '#client/client.ts';
import { perform } from '#compose/execute/perform.ts';
import { type Step, subjectOf } from '#compose/plan.ts';
import { createTurns } from '#compose/turns.ts';
import { kindOf } from '#errors/error.ts';

/** How far a step is; `text` is for people, such as `Creating`. */
export interface StepReport {
  readonly subject: string;
  readonly state: 'working' | 'done' | 'failed';
  readonly text: string;
}

export interface Execution {
  /** So many steps are under way at a time, those that only wait left out; Infinity for as many as can be. */
  readonly parallel: number;
  /** Nothing is done: the steps are only told, in the order in which they would be. */
  readonly dryRun: boolean;
}

/**
 * Does the steps of a plan, each as soon as those before it are done. After a failure nothing new is begun, waits are given up, and what
 * is under way is finished: each step undoes what it could not complete.
 * @throws the first failure, with the daemon's words; Cancelled on abort
 */
export async function executePlan(
  client: Client,
  steps: readonly Step[],
  report: (report: StepReport) => void,
  signal: AbortSignal,
  { parallel, dryRun }: Execution = { parallel: Number.POSITIVE_INFINITY, dryRun: false },
): Promise<void> {
  const turn = createTurns(parallel);
  const halt = new AbortController();
  const done = new Map<Step, Promise<void>>();
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    // What the first failure cut short fails too, and says nothing new.
    failure ??= { error };
    halt.abort();
  };
  const act = async ({ action }: Step): Promise<void> => {
    if (failure !== undefined) return;
    const subject = subjectOf(action);
    const tell = (state: StepReport['state'], text: string) => report({ subject, state, text });
    try {
      signal.throwIfAborted();
      const halted = AbortSignal.any([signal, halt.signal]);
      const { text, over } = perform(action, { client, signal, halted, dryRun });
      tell('working', text);
      tell('done', await over);
    } catch (error) {
      if (failure === undefined) tell('failed', kindOf(error) === 'Cancelled' ? 'Interrupted' : 'Error');
      fail(error);
    }
  };
  const run = async (step: Step): Promise<void> => {
    await Promise.all(step.after.map(start));
    // What only waits takes nobody's turn.
    await (step.action.kind === 'await-container' ? act(step) : turn(() => act(step)));
  };
  const start = (step: Step): Promise<void> => {
    const known = done.get(step) ?? run(step);
    done.set(step, known);
    return known;
  };
  await Promise.all(steps.map(start));
  if (failure !== undefined) throw failure.error;
}
