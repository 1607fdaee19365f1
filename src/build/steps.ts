import type { SourceRange, SourceText } from '#build/dockerfile/source.ts';
import type { PlannedOrigin, PlannedStage } from '#build/plan/plan.ts';
import type { ImageConfig, ImageRunConfig } from '#image/config.ts';

/**
 * A stage with nothing left to look up: what each instruction does, with all variables expanded, and the configuration in
 * which the stage ends. A step is a description; what runs it, and how it is cached, is elsewhere.
 */
export interface EvaluatedStage {
  stage: PlannedStage;
  steps: Step[];
  /** The configuration of an image of this stage, without history and layers. */
  config: ImageRunConfig;
  author?: string;
}

export type Step = MetadataStep | WorkdirStep | RunStep | CopyStep;

export interface StepCommon {
  source: SourceText;
  range: SourceRange;
  /** As a person reads it in the progress: the instruction with its variables expanded. */
  title: string;
  /** `created_by` of the image's history. */
  createdBy: string;
}

/** Changes the configuration only. */
export interface MetadataStep extends StepCommon {
  kind: 'metadata';
  instruction: string;
}

/** Makes a directory if it is missing. */
export interface WorkdirStep extends StepCommon {
  kind: 'workdir';
  /** Absolute, clean. */
  path: string;
  /** Owner of the directories that are made. */
  user: string;
}

export interface RunStep extends StepCommon {
  kind: 'run';
  args: string[];
  /** `KEY=value`, build arguments included. */
  environment: string[];
  /** Proxy settings: they reach the process, but neither the cache key nor the history. */
  hiddenEnvironment: string[];
  workingDirectory: string;
  user: string;
  mounts: RunMount[];
  /** undefined: as the build says. */
  network?: 'none' | 'host';
  insecure: boolean;
  /** A script from a heredoc that brings its own interpreter; it is the program. */
  script?: { name: string; content: string };
}

export type RunMount =
  | {
      type: 'bind';
      /** undefined: the build context. */
      from?: PlannedOrigin;
      /** Relative to the root of `from`. */
      source: string;
      target: string;
      /** Writes are allowed and thrown away. */
      writable: boolean;
    }
  | {
      type: 'cache';
      id: string;
      target: string;
      readonly: boolean;
      sharing: 'shared' | 'private' | 'locked';
      /** What a new cache begins with. */
      from?: PlannedOrigin;
      source: string;
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'tmpfs'; target: string; sizeBytes?: number }
  | {
      type: 'secret';
      id: string;
      /** undefined: only `env`. */
      target?: string;
      env?: string;
      required: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'ssh'; id: string; target?: string; required: boolean; mode: number; uid: number; gid: number };

export type StepSource =
  /** A path of the source tree, wildcards included. */
  | { kind: 'path'; path: string; range: SourceRange }
  | { kind: 'content'; name: string; content: string }
  | { kind: 'remote'; url: string; range: SourceRange };

export interface CopyStep extends StepCommon {
  kind: 'copy';
  verb: 'COPY' | 'ADD';
  /** undefined: the build context. */
  from?: PlannedOrigin;
  sources: StepSource[];
  /** Absolute and clean. */
  destination: string;
  /** It is a directory even when it does not exist: written with a slash at the end, or there are several sources. */
  destinationIsDirectory: boolean;
  /** `user`, `uid`, `user:group`, …; looked up in the stage's own file system. undefined: root for the context, else as it is. */
  chown?: string;
  /** Octal or symbolic. */
  chmod?: string;
  /** The layer does not depend on what is below it. */
  link: boolean;
  /** Keep the directories of the source path (those after a `/./`). */
  parents: boolean;
  excludes: string[];
  /** ADD: whether archives are unpacked; undefined: local ones are. */
  unpack?: boolean;
  checksum?: string;
  keepGitDirectory: boolean;
}

/** The parts of an image configuration that a stage starts from. */
export type StartConfig = Pick<ImageConfig, 'config' | 'author'>;
