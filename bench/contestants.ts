import type { Invocation } from './measure.ts';
import type { ProcessMemory } from './memory.ts';

/** An engine of the benchmark's own, with the image `busybox`. Disposing removes it with all its containers. */
export interface BenchEngine extends AsyncDisposable {
  readonly name: EngineName;
  /** Version, network and whatever else a reader must know. */
  readonly description: string;
  /** Does what a measurement needs; the first of the engine's contestants. */
  readonly cli: Contestant;
  /** The daemons, by what `readProcesses` knows of a process. Empty for podman. */
  isDaemon(process: Pick<ProcessMemory, 'pid' | 'parent' | 'name' | 'commandLine'>): boolean;
  /** What runs for the engine's containers besides the daemons and the containers' own processes. */
  isHelper(process: Pick<ProcessMemory, 'pid' | 'parent' | 'name' | 'commandLine'>): boolean;
}

export type EngineName = 'dhow' | 'dockerd' | 'podman';

/** A command line on an engine. */
export interface Contestant {
  /** As the tables call it. */
  readonly name: string;
  invoke(...args: string[]): Invocation;
}

export const contestantNames = {
  dockerOnDhow: 'docker CLI on Dhow',
  dockerOnDockerd: 'docker CLI on dockerd',
  dhow: 'dhow',
  podman: 'podman',
} as const;
