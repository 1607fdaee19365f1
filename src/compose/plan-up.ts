import { type NewContainer, nameIn, newContainer } from '#compose/container-request.ts';
import { boundServices, dependenciesOf, findService, serviceOfMode } from '#compose/dependencies.ts';
import { hashService, hashUsed } from '#compose/hash-service.ts';
import { type Condition, label } from '#compose/labels.ts';
import { isActive, type Observed, type ServiceContainer } from '#compose/observe.ts';
import { type Step, type StopSettings, withHooks } from '#compose/plan.ts';
import { planRemoval } from '#compose/plan-removal.ts';
import { planResources, type ResourceSteps } from '#compose/plan-resources.ts';
import type { Project } from '#compose/project.ts';
import { isUnfinished } from '#compose/unfinished.ts';
import { DhowError } from '#errors/error.ts';

/** An image as the daemon has it. */
export interface ServiceImage {
  readonly id: string;
  /** Paths that it declares as volumes. */
  readonly volumes: readonly string[];
}

export interface UpSettings extends StopSettings {
  /** In the order of `orderServices`. */
  readonly services: readonly string[];
  /** By service, for all of `services`. */
  readonly images: ReadonlyMap<string, ServiceImage>;
  /** Which containers are made anew. */
  readonly recreate: ReadonlyMap<string, 'always' | 'changed' | 'never'>;
  /** Wins over what the file says. */
  readonly scale: ReadonlyMap<string, number>;
  readonly start: boolean;
  /** Whether networks and volumes are made that no service uses. */
  readonly allResources: boolean;
  /** Whether the containers' anonymous volumes are not kept. */
  readonly renewVolumes: boolean;
}

/** Which containers a service has when the plan is done, and the steps after which they are there and run. */
interface Converged {
  readonly containers: readonly { readonly id: string; readonly name: string }[];
  readonly made: readonly Step[];
  readonly started: readonly Step[];
  /** Whether one of them is new. */
  readonly changed: boolean;
}

/**
 * The steps from what is there to what the project says, for some of its services: containers that are right are left alone. Creation
 * follows the order of dependencies, and so does the start, which waits for their conditions.
 * @throws InvalidParameter, Unsupported, NotFound, Conflict for what cannot be made
 */
export function planUp(project: Project, observed: Observed, settings: UpSettings): Step[] {
  const resources = planResources(project, settings.services, observed, settings.allResources);
  const converged = new Map<string, Converged>();
  const awaited = new Map<string, Step[]>();
  const steps: Step[] = [...resources.networks.values(), ...resources.volumes.values()];
  for (const name of settings.services) {
    const own = observed.containers.filter(({ service, oneOff }) => service === name && !oneOff);
    const result = convergeService(
      { project, observed, settings, resources, converged, awaited, steps },
      name,
      own,
    );
    converged.set(name, result);
  }
  return steps;
}

interface Work {
  readonly project: Project;
  readonly observed: Observed;
  readonly settings: UpSettings;
  readonly resources: ResourceSteps;
  readonly converged: ReadonlyMap<string, Converged>;
  /** Steps that wait for a condition of a service, by both. */
  readonly awaited: Map<string, Step[]>;
  /** All so far. */
  readonly steps: Step[];
}

function convergeService(work: Work, name: string, own: readonly ServiceContainer[]): Converged {
  const { project, settings, converged, steps } = work;
  const service = findService(project.services, name);
  const dependencies = [...dependenciesOf(service)];
  const hooks = withHooks(service);
  const made = dependencies.flatMap(([other]) => converged.get(other)?.made ?? []);
  const before = [...resourcesFor(work, name), ...made];
  const count = replicasOf(project, name, settings.scale);
  const outdated = new Set(own.filter((container) => isOutdated(work, name, container)));
  const { kept, surplus } = chooseKept(own, outdated, count);
  steps.push(...planRemoval(surplus, settings, service));

  const add = (step: Step) => {
    steps.push(step);
    return step;
  };
  const place = (container: NewContainer) => ({ id: container.name, name: container.name });
  const slots = kept.map((old) => {
    if (!outdated.has(old)) return { ...old, old, step: undefined };
    const volumes = settings.renewVolumes ? new Map<string, string>() : anonymousVolumes(work, name, old);
    const container = makeContainer(work, name, old.number, volumes);
    const { renewVolumes: removeVolumes, timeoutSeconds } = settings;
    const action = {
      kind: 'replace-container',
      id: old.id,
      container,
      removeVolumes,
      timeoutSeconds,
      ...hooks,
    } as const;
    return { ...place(container), old: undefined, step: add({ action, after: before }) };
  });
  const numbers = new Set(kept.map(({ number }) => number));
  for (let number = 1; slots.length < count; number++) {
    if (numbers.has(number)) continue;
    const container = makeContainer(work, name, number, new Map());
    const step = add({ action: { kind: 'create-container', container }, after: before });
    slots.push({ ...place(container), old: undefined, step });
  }

  const started: Step[] = [];
  if (settings.start) {
    const ready = dependencies.flatMap(([other, { condition }]) => conditionSteps(work, other, condition));
    const restarts = dependencies.some(([other, { restart }]) => restart && converged.get(other)?.changed);
    for (const { id, name: shown, old, step } of slots) {
      const after = [...(step === undefined ? before : [step]), ...ready];
      const { timeoutSeconds } = settings;
      if (old === undefined || !isActive(old)) {
        started.push(add({ action: { kind: 'start-container', id, name: shown, ...hooks }, after }));
      } else if (restarts) {
        started.push(
          add({ action: { kind: 'restart-container', id, name: shown, timeoutSeconds, ...hooks }, after }),
        );
      }
    }
  }
  const changes = slots.flatMap(({ step }) => step ?? []);
  return {
    containers: slots.map(({ id, name: shown }) => ({ id, name: shown })),
    made: changes.length > 0 ? changes : before,
    started,
    changed: changes.length > 0,
  };
}

/** Those that can stay, and of these the first; never two of one number, as a killed client may have left them. */
function chooseKept(
  own: readonly ServiceContainer[],
  outdated: ReadonlySet<ServiceContainer>,
  count: number,
) {
  const ranked = [...own].sort(
    (a, b) => Number(outdated.has(a)) - Number(outdated.has(b)) || a.number - b.number,
  );
  const kept: ServiceContainer[] = [];
  for (const container of ranked) {
    if (kept.length < count && !kept.some(({ number }) => number === container.number)) kept.push(container);
  }
  return {
    kept: kept.sort((a, b) => a.number - b.number),
    surplus: ranked.filter((container) => !kept.includes(container)),
  };
}

function resourcesFor({ project, resources }: Work, name: string): Step[] {
  const service = findService(project.services, name);
  const networks = Object.keys(service.networks ?? {}).map((key) => resources.networks.get(key));
  const volumes = (service.volumes ?? []).map(({ source = '' }) => resources.volumes.get(source));
  return [...networks, ...volumes].filter((step) => step !== undefined);
}

/** Steps after which the condition is met; a service that nobody brings up now is taken as it is. */
function conditionSteps({ converged, awaited, steps }: Work, service: string, condition: Condition): Step[] {
  const state = converged.get(service);
  if (state === undefined || condition === 'service_started') return [...(state?.started ?? [])];
  const key = `${service} ${condition}`;
  const known = awaited.get(key);
  if (known !== undefined) return known;
  const waits = state.containers.map(({ id, name }): Step => {
    const met = condition === 'service_healthy' ? 'healthy' : 'completed';
    const action = { kind: 'await-container', id, name, condition: met } as const;
    return { action, after: [...state.made, ...state.started] };
  });
  awaited.set(key, waits);
  steps.push(...waits);
  return waits;
}

function isOutdated(
  { project, observed, settings, converged }: Work,
  name: string,
  container: ServiceContainer,
): boolean {
  if (isUnfinished(container.name)) return true;
  const service = findService(project.services, name);
  // It names a container that will not be there any more.
  if (boundServices(service).some((other) => converged.get(other)?.changed)) return true;
  const joined = converged.get(serviceOfMode(service.network_mode) ?? '')?.containers[0];
  if (joined !== undefined && container.summary.HostConfig.NetworkMode !== `container:${joined.id}`)
    return true;
  const policy = settings.recreate.get(name) ?? 'changed';
  if (policy !== 'changed') return policy === 'always';
  const { Labels: labels, ImageID: image } = container.summary;
  const used = hashUsed(project, name);
  const first = (other: string) => observed.containers.find((one) => one.service === other && !one.oneOff);
  const idOf = (other: string) => (converged.get(other)?.containers[0] ?? first(other))?.id;
  return (
    labels[label.configHash] !== hashService(project, name, idOf) ||
    (labels[label.usedHash] ?? used) !== used ||
    image !== imageOf(settings, name).id
  );
}

function makeContainer(
  { project, settings, converged }: Work,
  name: string,
  number: number,
  volumes: ReadonlyMap<string, string>,
): NewContainer {
  return newContainer(project, {
    service: name,
    name: project.services[name]?.container_name ?? nameIn(project, name, number),
    number,
    imageId: imageOf(settings, name).id,
    volumes,
    nameOf: (other) => converged.get(other)?.containers[0]?.name ?? nameIn(project, other, 1),
  });
}

/** Volumes without a name that the old container has where the new one would get fresh ones. */
function anonymousVolumes(
  { project, settings }: Work,
  name: string,
  old: ServiceContainer,
): Map<string, string> {
  const mounts = project.services[name]?.volumes ?? [];
  const named = new Set(mounts.flatMap(({ source, target }) => (source === undefined ? [] : [target])));
  const anonymous = new Set(
    mounts.flatMap(({ type, source, target }) => (type === 'volume' && !source ? [target] : [])),
  );
  const declared = new Set(imageOf(settings, name).volumes);
  const result = new Map<string, string>();
  for (const { Type: type, Name: volume, Destination: target } of old.summary.Mounts) {
    if (type !== 'volume' || volume === undefined || named.has(target)) continue;
    if (anonymous.has(target) || declared.has(target)) result.set(target, volume);
  }
  return result;
}

function replicasOf(project: Project, name: string, scale: ReadonlyMap<string, number>): number {
  const service = findService(project.services, name);
  const count = scale.get(name) ?? service.scale ?? service.deploy?.replicas ?? 1;
  if (count > 1 && service.container_name !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `service "${name}" cannot have ${count} containers, because container_name gives it one name`,
    );
  }
  return count;
}

function imageOf(settings: UpSettings, name: string): ServiceImage {
  return settings.images.get(name) ?? { id: '', volumes: [] };
}
