import type { Manner } from '#cli/commands/compose/manner.ts';
import { type ImageSettings, prepareImages } from '#cli/commands/compose/prepare-images.ts';
import { provideSocket } from '#cli/commands/compose/provide-socket.ts';
import { saysYes } from '#cli/commands/compose/says-yes.ts';
import type { CliContext } from '#cli/context.ts';
import { flag } from '#cli/options.ts';
import { findService, orderServices } from '#compose/dependencies.ts';
import { observeProject } from '#compose/observe.ts';
import type { Step } from '#compose/plan.ts';
import { findOrphans, planRemoval } from '#compose/plan-removal.ts';
import { planUp } from '#compose/plan-up.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

export interface UpChoice extends ImageSettings {
  /** Named by the user; empty for all. */
  readonly services: readonly string[];
  readonly dependencies: boolean;
  readonly recreate: 'always' | 'changed' | 'never';
  /** Whether `recreate` counts for dependencies that nobody named too. */
  readonly recreateDependencies: boolean;
  readonly scale: ReadonlyMap<string, number>;
  readonly start: boolean;
  readonly allResources: boolean;
  readonly renewVolumes: boolean;
  readonly removeOrphans: boolean;
  readonly timeoutSeconds: number | undefined;
}

export interface UpPlan {
  readonly steps: readonly Step[];
  /** The services that it is about, dependencies first. */
  readonly services: readonly string[];
}

/** Gets the images, looks at what is there, and plans what `up`, `create`, `scale` and `run` do. */
export async function prepareUp(
  context: CliContext,
  manner: Manner,
  given: Project,
  choice: UpChoice,
): Promise<UpPlan> {
  const project = await provideSocket(context, given);
  const targets = choice.services.length > 0 ? choice.services : Object.keys(project.services);
  for (const name of [...targets, ...choice.scale.keys()]) findService(project.services, name);
  const ordered = orderServices(project.services, targets);
  const services = choice.dependencies ? ordered : ordered.filter((name) => targets.includes(name));
  if (services.length === 0) throw new DhowError('InvalidParameter', 'no service is selected');
  const images = await prepareImages(context, manner, project, services, choice);
  const observed = await observeProject(context.client, project.name, context.signal);
  const policyOf = (name: string) =>
    targets.includes(name) || choice.recreateDependencies ? choice.recreate : 'changed';
  const steps = planUp(project, observed, {
    services,
    images,
    recreate: new Map(services.map((name) => [name, policyOf(name)])),
    scale: choice.scale,
    start: choice.start,
    allResources: choice.allResources,
    renewVolumes: choice.renewVolumes,
    timeoutSeconds: choice.timeoutSeconds,
  });
  const orphans = findOrphans(project, observed);
  const says = (name: string) => saysYes(project.variables.get(name));
  if (choice.removeOrphans || says('COMPOSE_REMOVE_ORPHANS')) {
    return { steps: [...planRemoval(orphans, choice), ...steps], services };
  }
  if (orphans.length > 0 && !says('COMPOSE_IGNORE_ORPHANS')) {
    const names = orphans.map(({ name }) => name).join(', ');
    context.stderr.write(
      `Found containers of services that the project does not have: ${names}. Remove them with --remove-orphans.\n`,
    );
  }
  return { steps, services };
}

/** For scripts that are written for Docker Compose, which asks before it changes volumes. */
export const yesOption = flag({ short: 'y', help: 'Assume "yes": nothing is ever asked' });

/** `SERVICE=NUMBER`. @throws InvalidParameter */
export function parseScale(text: string): readonly [string, number] {
  const [, service, count] = /^([^=]+)=(\d{1,6})$/.exec(text) ?? [];
  if (service === undefined) throw new DhowError('InvalidParameter', `"${text}" is not SERVICE=NUMBER`);
  return [service, Number(count)];
}
