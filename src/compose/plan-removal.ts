import type { Observed, ServiceContainer } from '#compose/observe.ts';
import { type Hooks, type Step, type StopSettings, withHooks } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';

/** Containers of services that the project does not have. */
export function findOrphans(project: Project, observed: Observed): ServiceContainer[] {
  const known = new Set([...Object.keys(project.services), ...project.disabled]);
  return observed.containers.filter(({ service, oneOff }) => !oneOff && !known.has(service));
}

/** Steps that stop and remove containers, all at once; their anonymous volumes stay. */
export function planRemoval(
  containers: readonly ServiceContainer[],
  { timeoutSeconds }: StopSettings,
  hooks: Hooks = {},
): Step[] {
  return containers.flatMap(({ id, name }): Step[] => {
    const stop: Step = {
      action: { kind: 'stop-container', id, name, timeoutSeconds, ...withHooks(hooks) },
      after: [],
    };
    return [
      stop,
      { action: { kind: 'remove-container', id, name, volumes: false, force: false }, after: [stop] },
    ];
  });
}
