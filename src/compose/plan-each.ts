import { dependenciesOf } from '#compose/dependencies.ts';
import { type Condition, decodeDependencies, label } from '#compose/labels.ts';
import { isActive, type ServiceContainer } from '#compose/observe.ts';
import { type Action, type Hooks, type Step, withHooks } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';

/** By service. */
export type DependencyGraph = ReadonlyMap<string, KnownService>;

interface KnownService {
  /** What it waits for, and until when. */
  readonly needs: ReadonlyMap<string, Condition>;
  /** Only the project says them. */
  readonly own: Hooks;
}

/** From the project where there is one, and else from what the containers say. */
export function readDependencies(
  project: Project | undefined,
  containers: readonly ServiceContainer[],
): DependencyGraph {
  const result = new Map<string, KnownService>();
  for (const { service, summary } of containers) {
    const told = decodeDependencies(summary.Labels[label.dependsOn]);
    result.set(service, { needs: new Map([...(result.get(service)?.needs ?? []), ...told]), own: {} });
  }
  for (const [name, service] of Object.entries(project?.services ?? {})) {
    const entries = [...dependenciesOf(service)].map(([other, { condition }]) => [other, condition] as const);
    result.set(name, { needs: new Map(entries), own: service });
  }
  return result;
}

/**
 * The same to all containers, those of a service's dependencies before its own, or with `backwards` after them. What the labels of old
 * containers say may be a circle; its last member is then not waited for.
 */
export function planEach(
  containers: readonly ServiceContainer[],
  graph: DependencyGraph,
  direction: 'forwards' | 'backwards',
  actionFor: (container: ServiceContainer) => Action | undefined,
): Step[] {
  const before = (name: string) =>
    direction === 'forwards'
      ? [...(graph.get(name)?.needs.keys() ?? [])]
      : [...graph].flatMap(([other, { needs }]) => (needs.has(name) ? [other] : []));
  // Services that are not touched themselves may stand between two that are.
  return walk(containers, (name, visit) => {
    const after = [...new Set(before(name).flatMap(visit))];
    const own = containers
      .filter(({ service }) => service === name)
      .flatMap((container) => actionFor(container) ?? [])
      .map((action) => ({ action: { ...action, ...withHooks(graph.get(name)?.own ?? {}) }, after }));
    return own.length > 0 ? own : after;
  });
}

/** Starts what does not run, each service when the conditions of its dependencies are met. */
export function planStart(
  containers: readonly ServiceContainer[],
  all: readonly ServiceContainer[],
  graph: DependencyGraph,
): Step[] {
  const waits: Step[] = [];
  const starts = walk(containers, (name, visit) => {
    const after = [...(graph.get(name)?.needs ?? [])].flatMap(([other, condition]) => {
      const started = visit(other);
      if (condition === 'service_started') return started;
      const met = condition === 'service_healthy' ? 'healthy' : 'completed';
      const own = all
        .filter(({ service, oneOff }) => service === other && !oneOff)
        .map(({ id, name: shown }): Step => {
          return { action: { kind: 'await-container', id, name: shown, condition: met }, after: started };
        });
      waits.push(...own);
      return own;
    });
    const own = containers.filter((container) => container.service === name && !isActive(container));
    const steps = own.map(({ id, name: shown }): Step => {
      return {
        action: { kind: 'start-container', id, name: shown, ...withHooks(graph.get(name)?.own ?? {}) },
        after,
      };
    });
    return steps.length > 0 ? steps : after;
  });
  // A wait that nothing needs is not begun.
  const needed = new Set(starts.flatMap(({ after }) => after));
  return [
    ...waits.filter((step) => needed.has(step)),
    ...starts.filter(({ action }) => action.kind !== 'await-container'),
  ];
}

/** The steps of all services that have containers; `stepsFor` is asked once for each, and asks for those of others. */
function walk(
  containers: readonly ServiceContainer[],
  stepsFor: (name: string, visit: (other: string) => readonly Step[]) => readonly Step[],
): Step[] {
  const known = new Map<string, readonly Step[]>();
  const visit = (name: string, trail: readonly string[]): readonly Step[] => {
    const steps = known.get(name);
    if (steps !== undefined || trail.includes(name)) return steps ?? [];
    const found = stepsFor(name, (other) => visit(other, [...trail, name]));
    known.set(name, found);
    return found;
  };
  const services = [...new Set(containers.map(({ service }) => service))];
  return [...new Set(services.flatMap((name) => visit(name, [])))];
}
