import { hashService } from '#compose/hash-service.ts';
import { label } from '#compose/labels.ts';
import type { Observed, ServiceContainer } from '#compose/observe.ts';
import { type Step, subjectOf } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';
import type { MountPoint } from '#wire/containers.ts';

export const nothing: Observed = { containers: [], networks: [], volumes: [] };

interface Looks {
  readonly number?: number;
  readonly state?: string;
  readonly image?: string;
  readonly hash?: string;
  readonly mounts?: readonly MountPoint[];
  readonly dependsOn?: string;
  /** Id of the container whose network it has. */
  readonly joins?: string;
}

/** A container as a service of the project would have it, but for what is said. */
export function containerOf(project: Project, service: string, looks: Looks = {}): ServiceContainer {
  const { number = 1, state = 'running', image = 'image' } = looks;
  const known = Object.hasOwn(project.services, service);
  const name = `${project.name}-${service}-${number}`;
  const idOf = (other: string) => `id-of-${project.name}-${other}-1`;
  return {
    id: `id-of-${name}`,
    name,
    service,
    number,
    oneOff: false,
    state,
    summary: {
      Id: `id-of-${name}`,
      Names: [`/${name}`],
      Image: 'i',
      ImageID: image,
      Command: '',
      Created: 0,
      Ports: [],
      Labels: {
        [label.configHash]: looks.hash ?? (known ? hashService(project, service, idOf) : ''),
        [label.dependsOn]: looks.dependsOn ?? '',
      },
      State: state,
      Status: '',
      HostConfig: { NetworkMode: looks.joins === undefined ? 'bridge' : `container:${looks.joins}` },
      NetworkSettings: { Networks: {} },
      Mounts: [...(looks.mounts ?? [])],
    },
  };
}

/** Each step as `kind subject`, with the positions of those that it waits for. */
export function describeSteps(steps: readonly Step[]): string[] {
  return steps.map(({ action, after }) => {
    const before = after.map((other) => steps.indexOf(other)).sort((a, b) => a - b);
    const subject = subjectOf(action).replace(/^\w+ /, '');
    return `${action.kind} ${subject}${before.length > 0 ? ` after ${before.join(',')}` : ''}`;
  });
}
