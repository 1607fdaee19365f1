import type { FetchProgress } from '#build/executor.ts';
import type { Digest } from '#image/digest.ts';

/** What a build tells while it goes on. Steps of different stages may be under way at the same time. */
export type BuildEvent =
  /** Comes first: all that may be done. */
  | { type: 'plan'; steps: PlannedStep[] }
  | { type: 'warning'; warning: BuildWarning }
  /** Something that does not matter for the result. */
  | { type: 'note'; text: string }
  | { type: 'started'; step: number; at: Date }
  | { type: 'log'; step: number; stream: 'stdout' | 'stderr'; bytes: Uint8Array }
  | { type: 'fetching'; step: number; progress: FetchProgress }
  | { type: 'done'; step: number; at: Date; cached: boolean }
  | { type: 'failed'; step: number; at: Date; message: string; exitCode?: number }
  | { type: 'cancelled'; step: number; at: Date }
  /** `id` is the one that the tags point at; of several platforms all are in `images`. */
  | { type: 'image'; id: Digest; tags: string[]; images: BuiltImage[] }
  /** An image that carries the build cache was made. */
  | { type: 'cache'; id: Digest };

export interface BuiltImage {
  id: Digest;
  /** `linux/arm64` */
  platform: string;
}

export interface PlannedStep {
  /** Unique in the build, from 0. */
  id: number;
  /** Name or number of the stage. */
  stage: string;
  /** Position in the stage from 1; of how many. */
  position: number;
  count: number;
  title: string;
}

/** What a rule complains of. */
export interface BuildWarning {
  rule: string;
  message: string;
  /** Where the rule is explained. */
  url: string;
  file: string;
  line: number;
  /** The lines around, with the place marked. */
  excerpt: string;
}

export type OnBuildEvent = (event: BuildEvent) => void;
