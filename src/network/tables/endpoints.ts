import { bytesOfIp, type Family, type IpAddress, ipOfBytes } from '#network/addresses/ip.ts';
import type { Database } from '#store/database.ts';

/** A row of `endpoints`: a container on a network. */
export interface EndpointRow {
  id: string;
  networkId: string;
  containerId: string;
  /** Name inside the container; empty for networks without an interface (host, none), like the host's. */
  interfaceName: string;
  /** The end on the host; empty for macvlan and ipvlan, which have none. */
  hostInterface: string;
  addresses: Partial<Record<Family, IpAddress>>;
  macAddress: string;
  linkLocal: string[];
  aliases: string[];
  /** Alias → name. */
  links: Record<string, string>;
  gatewayPriority: number;
}

/** A row of `attached_containers`: what the room knows of a container that is on networks. */
export interface AttachedContainer {
  id: string;
  name: string;
  hostname: string;
  /** Whom its resolver asks; none: those of the host. */
  nameServers: string[];
}

export interface EndpointTable {
  insertContainer(container: AttachedContainer): void;
  /** With all its endpoints and ports. */
  removeContainer(id: string): void;
  renameContainer(id: string, name: string): void;
  container(id: string): AttachedContainer | undefined;
  listContainers(): AttachedContainer[];
  /** Where the container's resolver listens. */
  resolverPort(containerId: string): number | undefined;
  setResolverPort(containerId: string, port: number): void;

  insert(row: EndpointRow): void;
  remove(id: string): void;
  list(): EndpointRow[];
  ofContainer(containerId: string): EndpointRow[];
  ofNetwork(networkId: string): EndpointRow[];
  /** Addresses of a network that are in use, from one on, in ascending order. */
  addressesFrom(networkId: string, from: IpAddress): Iterable<bigint>;
}

const columns =
  'id, network_id, container_id, interface_name, host_interface, address4, address6, mac_address, link_local, aliases, links, gateway_priority';

export function createEndpointTable(database: Database): EndpointTable {
  const { sql } = database;
  const insertContainer = sql.prepare(
    'INSERT INTO attached_containers (container_id, name, hostname, name_servers) VALUES (?, ?, ?, ?)',
  );
  const removeContainer = sql.prepare('DELETE FROM attached_containers WHERE container_id = ?');
  const renameContainer = sql.prepare('UPDATE attached_containers SET name = ? WHERE container_id = ?');
  const container = sql.prepare('SELECT * FROM attached_containers WHERE container_id = ?');
  const resolverPort = sql.prepare('SELECT resolver_port FROM attached_containers WHERE container_id = ?');
  const setResolverPort = sql.prepare(
    'UPDATE attached_containers SET resolver_port = ? WHERE container_id = ?',
  );
  const listContainers = sql.prepare('SELECT * FROM attached_containers');
  const insert = sql.prepare(
    `INSERT INTO endpoints (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const remove = sql.prepare('DELETE FROM endpoints WHERE id = ?');
  const list = sql.prepare(`SELECT ${columns} FROM endpoints ORDER BY rowid`);
  const ofContainer = sql.prepare(`SELECT ${columns} FROM endpoints WHERE container_id = ? ORDER BY rowid`);
  const ofNetwork = sql.prepare(`SELECT ${columns} FROM endpoints WHERE network_id = ? ORDER BY rowid`);
  const addressesFrom = {
    4: sql.prepare(
      'SELECT address4 AS address FROM endpoints WHERE network_id = ? AND address4 >= ? ORDER BY address4',
    ),
    6: sql.prepare(
      'SELECT address6 AS address FROM endpoints WHERE network_id = ? AND address6 >= ? ORDER BY address6',
    ),
  };
  return {
    insertContainer({ id, name, hostname, nameServers }) {
      insertContainer.run(id, name, hostname, JSON.stringify(nameServers));
    },
    removeContainer(id) {
      removeContainer.run(id);
    },
    renameContainer(id, name) {
      renameContainer.run(name, id);
    },
    container(id) {
      const row = container.get(id);
      return row && toContainer(row);
    },
    resolverPort(containerId) {
      const port = resolverPort.get(containerId)?.['resolver_port'];
      return typeof port === 'number' ? port : undefined;
    },
    setResolverPort(containerId, port) {
      setResolverPort.run(port, containerId);
    },
    listContainers: () => listContainers.all().map(toContainer),
    insert(row) {
      const bytes = (family: Family) => {
        const address = row.addresses[family];
        return address === undefined ? null : bytesOfIp(address);
      };
      insert.run(
        row.id,
        row.networkId,
        row.containerId,
        row.interfaceName,
        row.hostInterface,
        bytes(4),
        bytes(6),
        row.macAddress,
        JSON.stringify(row.linkLocal),
        JSON.stringify(row.aliases),
        JSON.stringify(row.links),
        row.gatewayPriority,
      );
    },
    remove(id) {
      remove.run(id);
    },
    list: () => list.all().map(toRow),
    ofContainer: (containerId) => ofContainer.all(containerId).map(toRow),
    ofNetwork: (networkId) => ofNetwork.all(networkId).map(toRow),
    *addressesFrom(networkId, from) {
      for (const row of addressesFrom[from.family].iterate(networkId, bytesOfIp(from))) {
        yield ipOfBytes(row['address'] as Uint8Array).value;
      }
    },
  };
}

function toContainer(row: Record<string, unknown>): AttachedContainer {
  return {
    id: String(row['container_id']),
    name: String(row['name']),
    hostname: String(row['hostname']),
    nameServers: JSON.parse(String(row['name_servers'])) as string[],
  };
}

function toRow(row: Record<string, unknown>): EndpointRow {
  const address = (family: Family) => {
    const bytes = row[`address${family}`];
    return bytes instanceof Uint8Array ? { [family]: ipOfBytes(bytes) } : {};
  };
  return {
    id: String(row['id']),
    networkId: String(row['network_id']),
    containerId: String(row['container_id']),
    interfaceName: String(row['interface_name']),
    hostInterface: String(row['host_interface']),
    addresses: { ...address(4), ...address(6) },
    macAddress: String(row['mac_address']),
    linkLocal: JSON.parse(String(row['link_local'])) as string[],
    aliases: JSON.parse(String(row['aliases'])) as string[],
    links: JSON.parse(String(row['links'])) as Record<string, string>,
    gatewayPriority: Number(row['gateway_priority']),
  };
}
