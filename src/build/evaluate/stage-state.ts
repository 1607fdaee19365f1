import type { Report } from '#build/checks/finding.ts';
import type { SourceText } from '#build/dockerfile/source.ts';
import type { GlobalScope } from '#build/plan/global-scope.ts';
import type { PlannedInstruction } from '#build/plan/plan.ts';
import type { Expander, Scope } from '#build/plan/scope.ts';
import type { ImageRunConfig } from '#image/config.ts';

/** What one instruction leaves for the next of its stage. */
export interface StageState {
  /** Of the fields that are below as well, what the stage began with. */
  config: ImageRunConfig;
  author: string | undefined;
  scope: Scope;
  labels: Map<string, string>;
  ports: Set<string>;
  volumes: Set<string>;
  /** Whether CMD was set here, so that an ENTRYPOINT does not reset it. */
  commandSet: boolean;
}

export interface EvaluateContext {
  state: StageState;
  placed: PlannedInstruction;
  source: SourceText;
  expander: Expander;
  globals: GlobalScope;
  buildArgs: ReadonlyMap<string, string>;
  report: Report;
}

const defaultShell = ['/bin/sh', '-c'];

export function shellOf(config: ImageRunConfig): string[] {
  return config.Shell && config.Shell.length > 0 ? config.Shell : defaultShell;
}

/** `KEY=value` list of an image to a map; a later one of the same name wins, as in the kernel's view of most programs. */
export function parseEnvironment(entries: readonly string[]): Map<string, string> {
  const env = new Map<string, string>();
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    env.set(equals === -1 ? entry : entry.slice(0, equals), equals === -1 ? '' : entry.slice(equals + 1));
  }
  return env;
}

export function formatEnvironment(env: ReadonlyMap<string, string>): string[] {
  return [...env].map(([name, value]) => `${name}=${value}`);
}
