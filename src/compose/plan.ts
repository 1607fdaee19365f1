import type { NewContainer } from '#compose/container-request.ts';
import { dropUndefined } from '#compose/drop-undefined.ts';
import type { Service } from '#compose/model/service.ts';
import type { NetworkCreateRequest } from '#wire/networks.ts';
import type { VolumeCreateRequest } from '#wire/volumes.ts';

/**
 * One change to what the daemon has. Containers are named by id, or by the name that they are going to have; `name` is what a person
 * is shown.
 */
export type Action =
  | { readonly kind: 'create-network'; readonly request: NetworkCreateRequest }
  | { readonly kind: 'create-volume'; readonly request: VolumeCreateRequest }
  | { readonly kind: 'create-container'; readonly container: NewContainer }
  | ({
      /** Makes a new container in the place of another, which is stopped and removed. */
      readonly kind: 'replace-container';
      readonly id: string;
      readonly container: NewContainer;
      /** Whether the anonymous volumes of the old one go too. */
      readonly removeVolumes: boolean;
    } & StopSettings &
      WithHooks)
  | ({ readonly kind: 'start-container'; readonly id: string; readonly name: string } & WithHooks)
  | ({
      readonly kind: 'stop-container' | 'restart-container';
      readonly id: string;
      readonly name: string;
    } & StopSettings &
      WithHooks)
  | { readonly kind: 'kill-container'; readonly id: string; readonly name: string; readonly signal: string }
  | {
      readonly kind: 'pause-container' | 'unpause-container';
      readonly id: string;
      readonly name: string;
    }
  | {
      readonly kind: 'remove-container';
      readonly id: string;
      readonly name: string;
      /** Anonymous volumes go with it. */
      readonly volumes: boolean;
      readonly force: boolean;
    }
  | {
      readonly kind: 'await-container';
      readonly id: string;
      readonly name: string;
      /** `ready`: healthy if it has a health check, else running. */
      readonly condition: 'healthy' | 'completed' | 'ready';
    }
  | { readonly kind: 'remove-network' | 'remove-volume' | 'remove-image'; readonly name: string };

/** A command that runs in a container; its words in the service's long form. */
export type Hook = NonNullable<Service['post_start']>[number];

/** What the service has to be run in a container that has been started, and before one is stopped. */
export type Hooks = Pick<Service, 'post_start' | 'pre_stop'>;

interface WithHooks {
  /** Nothing for a container whose service has none, or is not known. */
  readonly hooks?: Hooks;
}

export interface StopSettings {
  /** Undefined: what the container was made with. */
  readonly timeoutSeconds: number | undefined;
}

/** An action and what must have been done before it. */
export interface Step {
  readonly action: Action;
  readonly after: readonly Step[];
}

/** What the action changes, as a person is shown it. */
export function subjectOf(action: Action): string {
  switch (action.kind) {
    case 'create-network':
      return `Network ${action.request.Name}`;
    case 'create-volume':
      return `Volume ${action.request.Name}`;
    case 'create-container':
    case 'replace-container':
      return `Container ${action.container.name}`;
    case 'remove-network':
      return `Network ${action.name}`;
    case 'remove-volume':
      return `Volume ${action.name}`;
    case 'remove-image':
      return `Image ${action.name}`;
    default:
      return `Container ${action.name}`;
  }
}

/** The hooks of a service, as actions have them. */
export function withHooks({ post_start, pre_stop }: Hooks): WithHooks {
  return post_start === undefined && pre_stop === undefined
    ? {}
    : { hooks: dropUndefined({ post_start, pre_stop }) };
}
