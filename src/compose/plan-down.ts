import { dependenciesOf } from '#compose/dependencies.ts';
import { decodeDependencies, label } from '#compose/labels.ts';
import { isActive, type Observed, type ServiceContainer } from '#compose/observe.ts';
import type { Action, Step, StopSettings } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';

/** What each service waits for, from the project where there is one, and else from what the containers say. */
export type DependencyNames = ReadonlyMap<string, readonly string[]>;

export function dependencyNames(
  project: Project | undefined,
  containers: readonly ServiceContainer[],
): DependencyNames {
  const result = new Map<string, string[]>();
  for (const { service, summary } of containers) {
    const told = decodeDependencies(summary.Labels[label.dependsOn]);
    result.set(service, [...(result.get(service) ?? []), ...told]);
  }
  for (const [name, service] of Object.entries(project?.services ?? {})) {
    result.set(name, [...dependenciesOf(service).keys()]);
  }
  return result;
}

/**
 * The same to all containers, those of a service's dependencies before its own, or with `backwards` after them. What the labels of old
 * containers say may be a circle; its last member is then not waited for.
 */
export function planEach(
  containers: readonly ServiceContainer[],
  dependencies: DependencyNames,
  direction: 'forwards' | 'backwards',
  actionFor: (container: ServiceContainer) => Action | undefined,
): Step[] {
  const stepsOf = new Map<string, Step[]>();
  const services = [...new Set(containers.map(({ service }) => service))];
  const before = (name: string) =>
    direction === 'forwards'
      ? (dependencies.get(name) ?? [])
      : [...dependencies].flatMap(([other, needs]) => (needs.includes(name) ? [other] : []));
  // Services that are not touched themselves may stand between two that are.
  const visit = (name: string, trail: readonly string[]): Step[] => {
    const known = stepsOf.get(name);
    if (known !== undefined || trail.includes(name)) return known ?? [];
    const after = [...new Set(before(name).flatMap((other) => visit(other, [...trail, name])))];
    const own = containers
      .filter(({ service }) => service === name)
      .flatMap((container) => actionFor(container) ?? [])
      .map((action) => ({ action, after }));
    const steps = own.length > 0 ? own : after;
    stepsOf.set(name, steps);
    return steps;
  };
  return [...new Set(services.flatMap((name) => visit(name, [])))];
}

export interface DownSettings extends StopSettings {
  /** Named volumes of the project, and anonymous ones. */
  readonly volumes: boolean;
  readonly images: readonly string[];
}

/** Stops and removes the containers, dependents first, and then the project's networks and what else is asked for. */
export function planDown(
  projectName: string,
  containers: readonly ServiceContainer[],
  observed: Observed,
  dependencies: DependencyNames,
  settings: DownSettings,
): Step[] {
  const { timeoutSeconds } = settings;
  const stops = planEach(containers, dependencies, 'backwards', (container) =>
    isActive(container)
      ? { kind: 'stop-container', id: container.id, name: container.name, timeoutSeconds }
      : undefined,
  );
  const removals = containers.map(({ id, name }): Step => {
    const after = stops.filter(({ action }) => action.kind === 'stop-container' && action.id === id);
    return { action: { kind: 'remove-container', id, name, volumes: settings.volumes, force: false }, after };
  });
  const own = <Thing extends { Labels: Record<string, string> | null }>(things: readonly Thing[]) =>
    things.filter(({ Labels: labels }) => labels?.[label.project] === projectName);
  const rest: Action[] = [
    ...own(observed.networks).map(({ Name: name }) => ({ kind: 'remove-network', name }) as const),
    ...(settings.volumes ? own(observed.volumes) : []).map(
      ({ Name: name }) => ({ kind: 'remove-volume', name }) as const,
    ),
    ...settings.images.map((name) => ({ kind: 'remove-image', name }) as const),
  ];
  return [...stops, ...removals, ...rest.map((action) => ({ action, after: removals }))];
}
