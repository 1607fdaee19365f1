import { label } from '#compose/labels.ts';
import { isActive, type Observed, type ServiceContainer } from '#compose/observe.ts';
import type { Action, Step, StopSettings } from '#compose/plan.ts';
import { type DependencyGraph, planEach } from '#compose/plan-each.ts';

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
  graph: DependencyGraph,
  settings: DownSettings,
): Step[] {
  const { timeoutSeconds } = settings;
  const stops = planEach(containers, graph, 'backwards', (container) =>
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
