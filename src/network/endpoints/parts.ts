import type { Log } from '#log/log.ts';
import type { Resolvers } from '#network/dns/resolvers.ts';
import type { Firewall } from '#network/firewall/firewall.ts';
import type { Passage } from '#network/firewall/passage.ts';
import type { PortHolds } from '#network/ports/port-holds.ts';
import type { EndpointTable } from '#network/tables/endpoints.ts';
import type { LinkTable } from '#network/tables/links.ts';
import type { NameTable } from '#network/tables/names.ts';
import type { NetworkTable } from '#network/tables/networks.ts';
import type { PortTable } from '#network/tables/ports.ts';
import type { Database } from '#store/database.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';

/** What the verbs of this folder work with; each picks what it needs. */
export interface EndpointParts {
  database: Database;
  networks: NetworkTable;
  endpoints: EndpointTable;
  ports: PortTable;
  names: NameTable;
  links: LinkTable;
  firewall: Firewall;
  passage: Passage;
  holds: PortHolds;
  resolvers: Resolvers;
  /** A netlink socket in the host's network namespace. */
  host: NetlinkSocket;
  /** Name of our nft table, by which our bridges are known too. */
  table: string;
  /** Prefix of the names of host-side interfaces. */
  vethPrefix: string;
  log: Log;
}
