import type { EscapeCharacter } from '#build/dockerfile/directives.ts';
import type { SourceRange, SourceText } from '#build/dockerfile/source.ts';
import type { StageInstruction, StageSource } from '#build/dockerfile.ts';
import type { GlobalScope } from '#build/plan/global-scope.ts';
import type { ImageConfig } from '#image/config.ts';
import type { Platform } from '#image/platform.ts';

/** What is to be built: the target and all stages that it needs, with what they stand on. */
export interface BuildPlan {
  target: PlannedStage;
  /** Each after the ones that it needs. */
  stages: PlannedStage[];
  source: SourceText;
  globals: GlobalScope;
  escapeMark: EscapeCharacter;
}

export interface PlannedStage {
  source: StageSource;
  base: PlannedBase;
  platform: Platform;
  instructions: PlannedInstruction[];
}

export type PlannedBase =
  | { kind: 'scratch' }
  | { kind: 'stage'; stage: PlannedStage }
  | { kind: 'image'; image: BaseImage }
  /** The files of a named context. */
  | { kind: 'context'; name: string };

/** An image or named context that a stage stands on or copies from. */
export interface BaseImage {
  /** As the Dockerfile names it, expanded. */
  reference: string;
  platform: Platform;
  config: ImageConfig;
}

export interface PlannedInstruction {
  instruction: StageInstruction;
  source: SourceText;
  /** Whether a base image's ONBUILD brought it. */
  trigger: boolean;
  /** What COPY --from names. */
  from?: PlannedOrigin;
  /** What RUN --mount=from= names, by position of the mount. */
  mountFrom: ReadonlyMap<number, PlannedOrigin>;
}

export type PlannedOrigin = PlannedBase;

/**
 * Finds an image for FROM, COPY --from and the like, fetching it where needed.
 * @throws NotFound and others, which are then told at the place in the Dockerfile
 */
export type ResolveImage = (request: {
  reference: string;
  platform: Platform;
  source: SourceText;
  range: SourceRange;
}) => Promise<BaseImage>;
