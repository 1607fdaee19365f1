import type { Manner } from '#cli/commands/compose/manner.ts';
import { nameWithoutFiles, openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { showSteps } from '#cli/commands/compose/show-steps.ts';
import type { CliContext } from '#cli/context.ts';
import { executePlan } from '#compose/execute.ts';
import { observeContainers, type ServiceContainer } from '#compose/observe.ts';
import type { Action, Step } from '#compose/plan.ts';
import { planEach, readDependencies } from '#compose/plan-each.ts';
import type { Project } from '#compose/project.ts';
import { DhowError, kindOf } from '#errors/error.ts';

/** A project by its files, or by its name alone where there are none: its containers say enough for what needs no more. */
export interface Target {
  readonly name: string;
  readonly project: Project | undefined;
}

export function findTarget(
  context: CliContext,
  choice: ProjectChoice,
  services: readonly string[] = [],
): Target {
  try {
    const project = openProject(context, choice, services);
    return { name: project.name, project };
  } catch (error) {
    const name = kindOf(error) === 'NotFound' ? nameWithoutFiles(context, choice) : undefined;
    if (name === undefined) throw error;
    return { name, project: undefined };
  }
}

/**
 * The containers of the named services, or of all; those of `run` are left out.
 * @throws NotFound for a service that neither the project nor any container has
 */
export function selectContainers(
  target: Target,
  containers: readonly ServiceContainer[],
  services: readonly string[],
): ServiceContainer[] {
  for (const name of services) {
    const inProject = target.project !== undefined && Object.hasOwn(target.project.services, name);
    if (inProject || containers.some(({ service }) => service === name)) continue;
    throw new DhowError('NotFound', `no such service: ${name}`);
  }
  return containers.filter(
    ({ service, oneOff }) => !oneOff && (services.length === 0 || services.includes(service)),
  );
}

/**
 * The container of a service that `exec`, `port` and the like mean.
 * @param index its number; undefined for the first
 * @throws NotFound when the service has none
 */
export async function findContainer(
  context: CliContext,
  target: Target,
  service: string,
  index: number | undefined,
): Promise<ServiceContainer> {
  const all = await observeContainers(context.client, target.name, context.signal);
  const own = selectContainers(target, all, [service]);
  const running = own.filter(({ state }) => state === 'running');
  const found = index === undefined ? (running[0] ?? own[0]) : own.find(({ number }) => number === index);
  if (found !== undefined) return found;
  const which = index === undefined ? 'no container' : `no container ${index}`;
  throw new DhowError('NotFound', `service "${service}" has ${which}; make one with "dhow compose up"`);
}

/**
 * Does steps and shows them.
 * @param look `lines` where other output comes at the same time, among which nothing can be painted in place
 */
export async function runSteps(
  context: CliContext,
  manner: Manner,
  steps: readonly Step[],
  signal: AbortSignal = context.signal,
  look: 'lines' | 'painted' = 'painted',
): Promise<void> {
  using screen = showSteps(context, manner, look);
  await executePlan(context.client, steps, screen.report, signal, manner);
}

/** The same to all containers of the named services, in the order in which services depend on each other. */
export async function forEachContainer(
  context: CliContext,
  choice: ProjectChoice,
  manner: Manner,
  services: readonly string[],
  direction: 'forwards' | 'backwards',
  actionFor: (container: ServiceContainer) => Action | undefined,
): Promise<number> {
  const target = findTarget(context, choice, services);
  const all = await observeContainers(context.client, target.name, context.signal);
  const containers = selectContainers(target, all, services);
  const steps = planEach(containers, readDependencies(target.project, all), direction, actionFor);
  await runSteps(context, manner, steps);
  return 0;
}
