/**
 * Networks, the endpoints of containers on them, and published ports. The room knows network namespaces by path and
 * containers by id and name only.
 *
 *   create         → a network: its row, and for driver bridge the bridge
 *   createSandbox  → a fresh network namespace with loopback up, held by a descriptor of this process (no mount, no process)
 *   attach         → a container's endpoints and ports, when it starts: all or nothing
 *   connect, disconnect → one endpoint more or less while it runs
 *   resolver       → names of siblings, at 127.0.0.11 in every container that is on a network of one's own
 *   detach         → the reverse of all; idempotent, and works from the database alone after a crash
 *   restore        → at start-up: bridges and the nft table as the database says, leftovers without an owner removed
 *
 * Call `restore` before the first `attach`, and dispose of the sandbox as soon as the container's process is in it.
 * Everything but `restore` and `remove` is done by netlink in this process, in a millisecond or two; `attach` may run for
 * many containers at once, but calls for one container must not overlap. The interface of a detached container goes with
 * its namespace, which the kernel deletes in the background.
 */
export interface NetworkStack extends NetworkCatalog, ContainerNetworking {
  /**
   * Brings kernel and database into agreement.
   * @param live the containers whose processes exist: id, and path of their network namespace
   */
  restore(live: ReadonlyMap<string, string>): Promise<void>;
  /** Removes bridges and the nft table. @throws Conflict while an endpoint exists (used by tests and by uninstalling) */
  teardown(): Promise<void>;
  /** Gives descriptors back when the daemon ends. Containers stay connected; only their host ports are not held. */
  close(): void;
}

export interface NetworkCatalog {
  list(): NetworkRecord[];
  /** By name, id or unique id prefix. @throws NotFound; InvalidParameter when ambiguous */
  get(nameOrId: string): NetworkRecord;
  /**
   * @throws InvalidParameter naming the option; Conflict for a name or bridge that is taken; Forbidden for a subnet that
   * another network has, and for the name of a predefined network; ResourceExhausted when no free subnet is left
   */
  create(request: NetworkRequest): Promise<{ network: NetworkRecord; warnings: string[] }>;
  /** @throws Forbidden for a predefined network, and, in Docker's words, while containers are attached */
  remove(nameOrId: string): Promise<NetworkRecord>;
  /** The endpoints of all attached containers. */
  membersOf(networkId: string): Endpoint[];
}

export interface ContainerNetworking {
  /**
   * @param namespaceFd a fresh network namespace to take, and to close, such as that of a user namespace; absent: one is made
   * @throws Forbidden without CAP_SYS_ADMIN; ResourceExhausted at a limit of the kernel
   */
  createSandbox(namespaceFd?: number): Promise<Sandbox>;
  /** The namespace of a running container. @throws NotFound when its process is gone */
  openSandbox(path: string): Sandbox;
  /**
   * @throws NotFound (network); InvalidParameter (address, MAC, a host address that the host does not have);
   * Conflict, with reason 'port-in-use' for a taken port, in Docker's words;
   * Forbidden for a taken address; ResourceExhausted (no free address, a full bridge, no descriptor left)
   */
  attach(request: AttachRequest): Promise<Endpoint[]>;
  /** One endpoint more. The default route and the published ports may move to it. @throws as `attach` */
  connect(request: ConnectRequest): Promise<Endpoint>;
  /** @throws NotFound when the container is not on the network */
  disconnect(containerId: string, networkId: string, sandbox: Sandbox): Promise<void>;
  /** Removes all endpoints and published ports of a container. Idempotent. */
  detach(containerId: string): Promise<void>;
  /** In the order in which they were made. */
  endpointsOf(containerId: string): Endpoint[];
  portsOf(containerId: string): PublishedPort[];
  /** Publishes and unpublishes ports of a running container, all or nothing. @throws as `attach` */
  changePorts(containerId: string, change: PortChange): Promise<void>;
  /** Closes what a link has opened. */
  unlink(containerId: string, targetId: string): Promise<void>;
  /** A running container has another name. */
  rename(containerId: string, name: string): void;
}

export interface NetworkRecord {
  id: string;
  name: string;
  driver: 'bridge' | 'macvlan' | 'ipvlan' | 'host' | 'none';
  createdAt: Date;
  /** Kernel name of the bridge, or of the interface that macvlan or ipvlan shares. */
  interfaceName?: string;
  /** At most one of each family; none for host, none and templates. */
  pools: AddressPool[];
  /** Whether the way out is closed. */
  internal: boolean;
  attachable: boolean;
  options: Record<string, string>;
  labels: Record<string, string>;
  /** No network, but the configuration of others, together with `options` and `labels`. */
  template?: NetworkTemplate;
  /** Name of the template that the network was made from. */
  madeFrom?: string;
}

/** What a network that is made from it gets. */
export type NetworkTemplate = Pick<NetworkRequest, 'ipv4' | 'ipv6' | 'pools'>;

export interface AddressPool {
  subnet: string;
  /** The part from which addresses are given. */
  range?: string;
  gateway?: string;
  /** Addresses that are not given, by name. */
  auxiliary: Record<string, string>;
}

export interface NetworkRequest {
  name: string;
  driver: 'bridge' | 'macvlan' | 'ipvlan';
  ipv4: boolean;
  /** undefined: as the daemon is configured. */
  ipv6?: boolean;
  /** At most one of each family; a family that is wanted and has none gets a free subnet. */
  pools: (Omit<AddressPool, 'subnet'> & { subnet?: string })[];
  internal: boolean;
  attachable: boolean;
  options: Record<string, string>;
  labels: Record<string, string>;
  /** Only the configuration of networks to come. */
  isTemplate?: boolean;
  /** Name or id of the template that says all but name, driver, `internal` and `attachable`. */
  madeFrom?: string;
}

export interface Sandbox extends AsyncDisposable {
  /**
   * Path for the OCI spec's network namespace: `/proc/<daemon pid>/fd/<n>`. Valid until closed; until then the
   * namespace, and with it the container's interface, outlives its processes.
   */
  readonly path: string;
}

export interface ContainerIdentity {
  id: string;
  name: string;
  /** Empty when it is made from the id. */
  hostname: string;
  /** Whom its resolver asks for names that Dhow does not know; none: those of the host. */
  nameServers?: string[];
}

export interface AttachRequest {
  container: ContainerIdentity;
  /** Not needed for driver host. */
  sandbox?: Sandbox;
  endpoints: EndpointRequest[];
  /** Published by the endpoint that has the default route; kept back while there is none. */
  ports: PublishedPortRequest[];
  /** Ports of others that are open to the container also where containers are kept apart. */
  links?: ContainerLink[];
}

export interface ContainerLink {
  containerId: string;
  ports: Pick<PublishedPort, 'containerPort' | 'protocol'>[];
}

export interface ConnectRequest {
  container: ContainerIdentity;
  sandbox: Sandbox;
  endpoint: EndpointRequest;
  /** What to publish if nothing is published yet. */
  ports: PublishedPortRequest[];
}

/** What is asked of an endpoint. */
export interface EndpointRequest {
  /** Name or id. */
  network: string;
  address?: string;
  address6?: string;
  /** Further addresses, which Dhow does not manage. */
  linkLocalAddresses?: string[];
  macAddress?: string;
  /** Further names on this network. */
  aliases?: string[];
  /** Names by which this container alone finds others on the network. */
  links?: { target: string; alias: string }[];
  /** The endpoint with the highest has the default route; among equals the network whose name comes first. */
  gatewayPriority?: number;
  /** Name inside the container. */
  interfaceName?: string;
  /** Kernel parameters of the interface: `net.ipv4.conf.IFNAME.log_martians` → value, with IFNAME for its name. */
  sysctls?: Record<string, string>;
}

export interface PublishedPortRequest {
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  /** Empty: all addresses, IPv4 and IPv6. */
  hostAddress: string;
  /** 0: any free port of the ephemeral range. */
  hostPort: number;
  /** End of a range to choose from; equal to hostPort for a single port. */
  hostPortEnd: number;
}

export interface PortChange {
  add: readonly PublishedPortRequest[];
  /** Of those that `portsOf` tells. */
  remove: readonly PublishedPort[];
}

/** What was published; `hostAddress` is 0.0.0.0 or :: for all addresses of a family. */
export interface PublishedPort {
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  hostAddress: string;
  hostPort: number;
}

export interface Endpoint {
  id: string;
  containerId: string;
  containerName: string;
  networkId: string;
  networkName: string;
  driver: NetworkRecord['driver'];
  interfaceName: string;
  macAddress: string;
  /** What does not exist is empty, or 0. */
  ipv4: EndpointAddress;
  ipv6: EndpointAddress;
  aliases: string[];
  /** The names by which others on the network find the container. */
  names: string[];
  gatewayPriority: number;
}

export interface EndpointAddress {
  address: string;
  prefixLength: number;
  gateway: string;
}
