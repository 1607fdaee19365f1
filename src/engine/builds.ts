import type { BuildResult, PruneOptions } from '#build/build.ts';
import type { CachedBuildStep } from '#build/cache-row.ts';
import type { GitUrl } from '#build/git-url.ts';
import type { BuildRequest } from '#build/request.ts';
import type { Credentials } from '#registry/registry.ts';

export type { BuildResult } from '#build/build.ts';
export type { CachedBuildStep } from '#build/cache-row.ts';
export type { BuildEvent, BuildWarning, PlannedStep } from '#build/events.ts';
export type { ContainerLimits } from '#build/executor.ts';
export { parseGitUrl } from '#build/git-url.ts';
export type { NamedContext } from '#build/request.ts';

/** Builds images from Dockerfiles, and keeps what their steps made. */
export interface BuildService {
  /**
   * Progress is told by events; steps run side by side.
   * @returns undefined when only checks were asked for
   * @throws InvalidParameter with the place in the Dockerfile for its mistakes and for commands that fail; NotFound; Unsupported; what
   *   a pull throws; the reason of `signal`
   */
  build(settings: BuildSettings): Promise<BuildResult | undefined>;
  /**
   * The files of an image in one tree, mounted as long as `use` takes.
   * @param name by every name that an image has. @throws NotFound; what `use` throws
   */
  withFiles<T>(name: string, use: (files: ImageFiles) => Promise<T>): Promise<T>;
  /** Removes what no build has used, and the layers that nobody needs any more. */
  prune(options: PruneOptions): Promise<{ removed: string[]; freedBytes: number }>;
  /** What is kept of steps, and cache mounts; least recently used first. */
  cache(): CachedBuildStep[];
}

export interface ImageFiles {
  /** Read-only. */
  root: string;
  /** A tar of them. */
  archive(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface BuildSettings extends Omit<BuildRequest, 'imageSource' | 'context'> {
  /** An archive, or where the daemon fetches one or a Dockerfile. */
  context?: { archive: AsyncIterable<Uint8Array> } | { url: URL } | { git: GitUrl };
  /** By host of the registry, as references have it. */
  credentials(registry: string): Promise<Credentials | undefined>;
}
