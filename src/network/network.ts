/**
 * Networks, the endpoints of containers on them, and published ports. The room knows network namespaces by path and
 * containers by id and name only.
 *
 *   createSandbox → a fresh network namespace with loopback up, held by a descriptor of this process (no mount, no process)
 *   attach        → veth pair, address, route, port elements: all or nothing
 *   detach        → the reverse; idempotent, and works from the database alone after a crash
 *   restore       → at start-up: bridges and the nft table as the database says, leftovers without an owner removed
 */
export interface NetworkService {
  list(): NetworkRecord[];
  /** By name, id or unique id prefix. @throws NotFound; InvalidParameter when ambiguous */
  get(nameOrId: string): NetworkRecord;

  createSandbox(): Promise<Sandbox>;
  attach(request: AttachRequest): Promise<Endpoint>;
  /** Removes all endpoints and published ports of a container. */
  detach(containerId: string): Promise<void>;
  endpointsOf(containerId: string): Endpoint[];

  /** Brings kernel and database into agreement. `live` are the ids of containers whose processes exist. */
  restore(live: ReadonlySet<string>): Promise<void>;
  /** Removes bridges and the nft table. @throws Conflict while an endpoint exists (used by tests and by uninstalling) */
  teardown(): Promise<void>;
  /** Gives descriptors back when the daemon ends. Containers stay connected; only their host ports are not held. */
  close(): void;
}

export interface NetworkRecord {
  id: string;
  name: string;
  driver: 'bridge' | 'host' | 'none';
  createdAt: Date;
  /** Kernel name of the bridge, for driver bridge. */
  bridge?: string;
  subnet?: string;
  gateway?: string;
  options: Record<string, string>;
  labels: Record<string, string>;
}

export interface Sandbox extends AsyncDisposable {
  /** Path for the OCI spec's network namespace: `/proc/<daemon pid>/fd/<n>`. Valid until closed. */
  readonly path: string;
}

export interface AttachRequest {
  containerId: string;
  containerName: string;
  network: string;
  /** Needed for driver bridge only. */
  sandbox?: Sandbox;
  address?: string;
  macAddress?: string;
  ports: PublishedPortRequest[];
}

export interface PublishedPortRequest {
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  /** Empty: all addresses, IPv4 and, where Dhow can, IPv6. */
  hostAddress: string;
  /** 0: any free port of the ephemeral range. */
  hostPort: number;
  /** End of a range to choose from; equal to hostPort for a single port. */
  hostPortEnd: number;
}

export interface PublishedPort {
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  hostAddress: string;
  hostPort: number;
}

export interface Endpoint {
  id: string;
  containerId: string;
  networkId: string;
  networkName: string;
  driver: NetworkRecord['driver'];
  interfaceName: string;
  address: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
  ports: PublishedPort[];
}
