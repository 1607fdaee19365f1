import type { CacheTable } from '#build/cache/cache-table.ts';
import { readyCopy } from '#build/execute/copy.ts';
import { readyRun } from '#build/execute/run.ts';
import type { ReadyStep, StepInputs } from '#build/execute/step-inputs.ts';
import { readyWorkdir } from '#build/execute/workdir.ts';
import type { Step } from '#build/steps.ts';
import type { Digest } from '#image/digest.ts';

/** A step that works on files, done or found. */
export interface StepResult {
  /** undefined: no file was changed. */
  diffId: Digest | undefined;
  createdAt: Date;
  cached: boolean;
  /** Under which it is found again. */
  keys: readonly string[];
}

export type FileStep = Exclude<Step, { kind: 'metadata' }>;

/** Results of steps that are under way, of all builds: the same step runs once at a time. */
export type StepsUnderWay = Map<string, Promise<StepResult>>;

/** Looks a step up by its keys, from the cheap one to the dear one, and runs it when none is known. */
export async function executeStep(
  step: FileStep,
  inputs: StepInputs,
  options: { cache: CacheTable; useCache: boolean; underWay: StepsUnderWay },
): Promise<StepResult> {
  const { cache, useCache, underWay } = options;
  const ready = await makeReady(step, inputs);
  const keys: string[] = [];
  for (const makeKey of ready.keys) {
    const key = await makeKey();
    const hit = useCache ? cache.find(key) : undefined;
    if (hit !== undefined) {
      for (const cheaper of keys) cache.record(cheaper, { ...hit, sizeBytes: 0, description: step.title });
      return { diffId: hit.diffId, createdAt: hit.createdAt, cached: true, keys: [...keys, key] };
    }
    keys.push(key);
  }
  const last = keys.at(-1) ?? '';
  const other = useCache ? underWay.get(last) : undefined;
  if (other !== undefined) {
    const result = await other.catch(() => undefined);
    inputs.session.signal.throwIfAborted();
    // Another build's failure may be its own: a cancellation, a secret.
    if (result !== undefined) return { ...result, cached: true };
  }
  const running = runAndRecord(step, ready, keys, cache);
  underWay.set(last, running);
  try {
    return await running;
  } finally {
    if (underWay.get(last) === running) underWay.delete(last);
  }
}

async function runAndRecord(
  step: FileStep,
  ready: ReadyStep,
  keys: readonly string[],
  cache: CacheTable,
): Promise<StepResult> {
  const outcome = await ready.run();
  const result = { diffId: outcome?.diffId, sizeBytes: outcome?.sizeBytes ?? 0, createdAt: new Date() };
  for (const [index, key] of keys.entries()) {
    // The layer's size counts once.
    const sizeBytes = index === keys.length - 1 ? result.sizeBytes : 0;
    cache.record(key, { ...result, sizeBytes, description: step.title });
  }
  return { diffId: result.diffId, createdAt: result.createdAt, cached: false, keys };
}

async function makeReady(step: FileStep, inputs: StepInputs): Promise<ReadyStep> {
  switch (step.kind) {
    case 'run':
      return readyRun(step, inputs);
    case 'copy':
      return readyCopy(step, inputs);
    case 'workdir':
      return readyWorkdir(step, inputs);
  }
}
