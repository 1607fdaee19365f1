import type { CachedBuildStep } from '#engine/builds.ts';

/** BuildKit's names for what is kept of builds. */
export const cacheTypes: Readonly<Record<CachedBuildStep['kind'], string>> = {
  step: 'regular',
  mount: 'exec.cachemount',
};
