import type { CacheEntry } from '#build/cache/cache-entries.ts';
import type { CacheTable } from '#build/cache/cache-table.ts';
import type { OnBuildEvent, PlannedStep } from '#build/events.ts';
import { type Chain, stepKey } from '#build/execute/chain.ts';
import { CommandFailure } from '#build/execute/command-failure.ts';
import { executeStep, type StepsUnderWay } from '#build/execute/execute-step.ts';
import type { BuildSession } from '#build/execute/session.ts';
import type { BuildPlan, PlannedOrigin, PlannedStage } from '#build/plan/plan.ts';
import type { NumberedSteps } from '#build/process/step-numbers.ts';
import type { EvaluatedStage, Step } from '#build/steps.ts';
import { messageOf } from '#errors/error.ts';
import type { HistoryEntry } from '#image/config.ts';

/** A stage that was built. */
export interface StageResult {
  chain: Chain;
  history: HistoryEntry[];
  /** Stands for the stage up to its end, configuration included. */
  stateKey: string;
  /** When the last of its own steps was done first; undefined when it has none. */
  createdAt: Date | undefined;
  /** What would spare another machine its steps, those of the stages below it included. */
  cacheEntries: CacheEntry[];
}

export interface BuiltStages {
  target: StageResult;
  /** The target's, too. */
  all: StageResult[];
}

export interface BuildStagesOptions {
  plan: BuildPlan;
  evaluated: ReadonlyMap<PlannedStage, EvaluatedStage>;
  session: BuildSession;
  cache: CacheTable;
  underWay: StepsUnderWay;
  /** Whether results of earlier builds count for a stage. */
  useCache: (stage: PlannedStage) => boolean;
  steps: NumberedSteps;
  /** Ends the other stages when one fails. */
  abort: (reason: unknown) => void;
  onEvent: OnBuildEvent;
}

/**
 * Builds all stages of a plan, each as soon as what it needs is there: stages that do not need each other run side by side.
 * The first failure ends all.
 * @throws what the first step that failed has thrown
 */
export async function buildStages(options: BuildStagesOptions): Promise<BuiltStages> {
  const { plan, abort } = options;
  const results = new Map<PlannedStage, Promise<StageResult>>();
  let failure: { error: unknown } | undefined;
  for (const stage of plan.stages) {
    // Stages are in order: what this one needs has its promise already.
    const result = buildStage(options, stage, (needed) => results.get(needed) as Promise<StageResult>);
    result.catch((error: unknown) => {
      failure ??= { error };
      abort(error);
    });
    results.set(stage, result);
  }
  await Promise.allSettled(results.values());
  if (failure !== undefined) throw (failure as { error: unknown }).error;
  const all = await Promise.all(results.values());
  return { target: await (results.get(plan.target) as Promise<StageResult>), all };
}

async function buildStage(
  options: BuildStagesOptions,
  stage: PlannedStage,
  resultOf: (needed: PlannedStage) => Promise<StageResult>,
): Promise<StageResult> {
  const { evaluated, steps } = options;
  const chainOf = async (origin: PlannedOrigin): Promise<Chain> => {
    if (origin.kind === 'scratch' || origin.kind === 'context') return [];
    return origin.kind === 'image'
      ? origin.image.config.rootfs.diff_ids
      : (await resultOf(origin.stage)).chain;
  };
  let state = await startOf(stage, resultOf);
  announce(options, steps.get(stage));
  for (const step of evaluated.get(stage)?.steps ?? []) {
    options.session.signal.throwIfAborted();
    state = await buildStep(options, stage, step, state, chainOf);
  }
  return state;
}

async function startOf(
  { base }: PlannedStage,
  resultOf: (needed: PlannedStage) => Promise<StageResult>,
): Promise<StageResult> {
  if (base.kind === 'scratch' || base.kind === 'context') {
    return { chain: [], history: [], stateKey: stepKey('scratch'), createdAt: undefined, cacheEntries: [] };
  }
  if (base.kind === 'stage') return resultOf(base.stage);
  const { config } = base.image;
  return {
    chain: config.rootfs.diff_ids,
    history: config.history ?? [],
    stateKey: stepKey('image', config),
    createdAt: undefined,
    cacheEntries: [],
  };
}

/** FROM is done as soon as what it stands on is there. */
function announce({ onEvent }: BuildStagesOptions, from: PlannedStep | undefined): void {
  if (from === undefined) return;
  onEvent({ type: 'started', step: from.id, at: new Date() });
  onEvent({ type: 'done', step: from.id, at: new Date(), cached: true });
}

async function buildStep(
  options: BuildStagesOptions,
  stage: PlannedStage,
  step: Step,
  state: StageResult,
  chainOf: (origin: PlannedOrigin) => Promise<Chain>,
): Promise<StageResult> {
  const { session, onEvent } = options;
  const id = options.steps.get(step)?.id ?? -1;
  onEvent({ type: 'started', step: id, at: new Date() });
  try {
    const { diffId, createdAt, cached, keys } =
      step.kind === 'metadata'
        ? recordMetadata(options, stage, step, state)
        : await executeStep(
            step,
            {
              session,
              platform: stage.platform,
              chain: state.chain,
              chainOf,
              onOutput: (stream, bytes) => onEvent({ type: 'log', step: id, stream, bytes }),
            },
            { cache: options.cache, useCache: options.useCache(stage), underWay: options.underWay },
          );
    onEvent({ type: 'done', step: id, at: new Date(), cached });
    const shownAt = createdTime(session, createdAt);
    const entry: HistoryEntry = {
      created: shownAt.toISOString(),
      created_by: step.createdBy,
      ...(diffId === undefined ? { empty_layer: true } : {}),
    };
    return {
      chain: diffId === undefined ? state.chain : [...state.chain, diffId],
      history: [...state.history, entry],
      stateKey: stepKey('state', state.stateKey, step.createdBy, diffId),
      createdAt: state.createdAt === undefined || createdAt > state.createdAt ? createdAt : state.createdAt,
      cacheEntries: [...state.cacheEntries, { keys, diffId, createdAt, description: step.title }],
    };
  } catch (error) {
    if (session.signal.aborted) onEvent({ type: 'cancelled', step: id, at: new Date() });
    else {
      const exitCode = error instanceof CommandFailure ? { exitCode: error.exitCode } : {};
      onEvent({ type: 'failed', step: id, at: new Date(), message: messageOf(error), ...exitCode });
    }
    throw error;
  }
}

/** The configuration is known anyway; that it was so before gives the same image the same time, and so the same id. */
function recordMetadata(
  { cache, useCache }: BuildStagesOptions,
  stage: PlannedStage,
  step: Step,
  state: StageResult,
): { diffId: undefined; createdAt: Date; cached: boolean; keys: string[] } {
  const key = stepKey('metadata', state.stateKey, step.createdBy);
  const hit = useCache(stage) ? cache.find(key) : undefined;
  if (hit !== undefined) return { diffId: undefined, createdAt: hit.createdAt, cached: true, keys: [key] };
  const createdAt = new Date();
  cache.record(key, { diffId: undefined, sizeBytes: 0, createdAt, description: step.title });
  return { diffId: undefined, createdAt, cached: false, keys: [key] };
}

export function createdTime({ request }: BuildSession, at: Date): Date {
  return request.sourceDateEpoch === undefined ? at : new Date(request.sourceDateEpoch * 1000);
}
