import type { Chain } from '#build/execute/chain.ts';
import type { BuildSession } from '#build/execute/session.ts';
import type { PlannedOrigin } from '#build/plan/plan.ts';
import type { Platform } from '#image/platform.ts';

/** What a step needs besides its own description. */
export interface StepInputs {
  session: BuildSession;
  /** What the stage is for. */
  platform: Platform;
  /** The file system that it works on. */
  chain: Chain;
  /** The file system of what it copies or mounts from. Its stage is waited for. */
  chainOf: (origin: PlannedOrigin) => Promise<Chain>;
  onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

/** A step with all that decides about its result known: it may be looked up, or run. */
export interface ReadyStep {
  /** Any of them finds the result; the first is the cheap one. */
  keys: StepKey[];
  run: () => Promise<StepOutcome>;
}

/** A key that may cost work to find. */
export type StepKey = () => Promise<string>;

/** undefined: no file was changed. */
export type StepOutcome = { diffId: Chain[number]; sizeBytes: number } | undefined;
