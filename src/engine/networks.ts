import type { Endpoint, EndpointRequest, NetworkRecord, NetworkRequest } from '#network/network.ts';

/**
 * Networks as the doors see them. Networks are named by name, id or unique id prefix, containers as in
 * `ContainerService`; changes are announced as events.
 */
export interface NetworkService {
  list(): NetworkRecord[];
  /** @throws NotFound; InvalidParameter when ambiguous */
  get(nameOrId: string): NetworkRecord;
  /** The endpoints of the running containers on a network. */
  membersOf(networkId: string): Endpoint[];
  /** @throws see `NetworkCatalog.create` */
  create(request: NetworkRequest): Promise<{ id: string; warnings: string[] }>;
  /** @throws Forbidden, in Docker's words, for a predefined network and while running containers are on it */
  remove(nameOrId: string): Promise<void>;
  /** Removes the networks of `ids` that nobody is on, except predefined ones. @returns the names of those removed */
  prune(ids: readonly string[]): Promise<string[]>;
  /** At once when the container runs, and at each of its starts. @throws see `ContainerNetworking.connect` */
  connect(nameOrId: string, container: string, request: Omit<EndpointRequest, 'network'>): Promise<void>;
  /** With `force` a container that is gone is no error. @throws NotFound; Forbidden for network host */
  disconnect(nameOrId: string, container: string, force: boolean): Promise<void>;
}
