/**
 * What Dhow's daemon tells of a build to a client that asks for it with `dhow-events=1`: lines of the JSON stream of
 * `POST /build` whose `id` is `buildEventId` and whose `aux` is one of these. Times are milliseconds since 1970.
 */
export const buildEventId = 'dhow.build';

export type BuildEventMessage =
  | { type: 'plan'; steps: BuildStepMessage[] }
  | { type: 'warning'; warning: BuildWarningMessage }
  | { type: 'note'; text: string }
  | { type: 'started'; step: number; at: number }
  | { type: 'log'; step: number; stream: 'stdout' | 'stderr'; text: string }
  | {
      type: 'fetching';
      step: number;
      progress: { layer?: string; status: string; current?: number; total?: number };
    }
  | { type: 'done'; step: number; at: number; cached: boolean }
  | { type: 'failed'; step: number; at: number; message: string; exitCode?: number }
  | { type: 'cancelled'; step: number; at: number }
  | { type: 'image'; id: string; tags: string[]; images: { id: string; platform: string }[] }
  | { type: 'cache'; id: string };

export interface BuildStepMessage {
  id: number;
  /** Name or number of the stage; empty for what belongs to none. */
  stage: string;
  position: number;
  count: number;
  title: string;
}

export interface BuildWarningMessage {
  rule: string;
  message: string;
  url: string;
  file: string;
  line: number;
  excerpt: string;
}

/** `POST /build/prune`. */
export interface BuildPruneResponse {
  CachesDeleted: string[] | null;
  SpaceReclaimed: number;
}
