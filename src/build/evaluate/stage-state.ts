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

/** What an instruction needs that only changes the configuration. */
export interface SettingContext {
  state: StageState;
  source: SourceText;
  expander: Expander;
  globals: GlobalScope;
  buildArgs: ReadonlyMap<string, string>;
  report: Report;
}

export interface EvaluateContext extends SettingContext {
  placed: PlannedInstruction;
}

/** Before the first instruction that follows on a configuration. */
export function stateOf(config: ImageRunConfig, author?: string): StageState {
  return {
    config: { ...config },
    author,
    scope: { env: parseEnvironment(config.Env ?? []), args: new Map() },
    labels: new Map(Object.entries(config.Labels ?? {})),
    ports: new Set(Object.keys(config.ExposedPorts ?? {})),
    volumes: new Set(Object.keys(config.Volumes ?? {})),
    commandSet: false,
  };
}

/** The configuration with what the instructions have collected. */
export function configOf({ config, scope, labels, ports, volumes }: StageState): ImageRunConfig {
  const keysOf = (names: ReadonlySet<string>): Record<string, Record<string, never>> =>
    Object.fromEntries([...names].map((name) => [name, {}]));
  return {
    ...config,
    ...(scope.env.size === 0 ? {} : { Env: formatEnvironment(scope.env) }),
    ...(labels.size === 0 ? {} : { Labels: Object.fromEntries(labels) }),
    ...(ports.size === 0 ? {} : { ExposedPorts: keysOf(ports) }),
    ...(volumes.size === 0 ? {} : { Volumes: keysOf(volumes) }),
  };
}

const defaultShell = ['/bin/sh', '-c'];

export function shellOf(config: ImageRunConfig): string[] {
  return config.Shell && config.Shell.length > 0 ? config.Shell : defaultShell;
}

/** `KEY=value` list of an image to a map; a later one of the same name wins, as in the kernel's view of most programs. */
function parseEnvironment(entries: readonly string[]): Map<string, string> {
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
