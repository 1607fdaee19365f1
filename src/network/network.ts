/**
 * Networks, the endpoints of containers on them, and published ports. The room knows network namespaces by path and
 * containers by id and name only.
 *
 *   createSandbox → a fresh network namespace with loopback up, held by a descriptor of this process (no mount, no process)
 *   attach        → veth pair, address, route, port elements: all or nothing
 *   detach        → the reverse; idempotent, and works from the database alone after a crash
 *   restore       → at start-up: bridges and the nft table as the database says, leftovers without an owner removed
 *
 * Call `restore` before the first `attach`, and dispose of the sandbox as soon as the container's process is in it.
 * Everything but `restore` is done by netlink in this process, in a millisecond or two; `attach` may run for many
 * containers at once. The interface of a detached container goes with its namespace, which the kernel deletes in the
 * background.
 */
export interface NetworkService {
  list(): NetworkRecord[];
  /** By name, id or unique id prefix. @throws NotFound; InvalidParameter when ambiguous */
  get(nameOrId: string): NetworkRecord;

  /** @throws Forbidden without CAP_SYS_ADMIN; ResourceExhausted at a limit of the kernel */
  createSandbox(): Promise<Sandbox>;
  /**
   * @throws NotFound (network); InvalidParameter (address, MAC, a host address that the host does not have);
   * Unsupported (IPv6 host address); Conflict, with reason 'port-in-use' for a taken port, in Docker's words;
   * ResourceExhausted (no free address, a full bridge, no descriptor left)
   */
  attach(request: AttachRequest): Promise<Endpoint>;
  /** Removes all endpoints and published ports of a container. Idempotent. */
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
  /**
   * Path for the OCI spec's network namespace: `/proc/<daemon pid>/fd/<n>`. Valid until closed; until then the
   * namespace, and with it the container's interface, outlives its processes.
   */
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

/** What was published; `hostAddress` is 0.0.0.0 for all addresses. */
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
