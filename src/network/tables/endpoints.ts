import type { PublishedPort } from '#network/network.ts';
import type { Database } from '#store/database.ts';

/** A row of `endpoints`. */
export interface EndpointRow {
  id: string;
  networkId: string;
  containerId: string;
  containerName: string;
  /** Name inside the container; empty for networks without an interface (host, none), like the next three. */
  interfaceName: string;
  hostInterface: string;
  address: number | undefined;
  macAddress: string;
}

/** A published port together with the address that it leads to. */
export interface PortTarget extends PublishedPort {
  address: number;
}

export interface PortHolder {
  containerId: string;
  containerName: string;
}

export interface EndpointTable {
  insert(row: EndpointRow): void;
  remove(id: string): void;
  list(): EndpointRow[];
  ofContainer(containerId: string): EndpointRow[];
  addressesFrom(networkId: string, from: number): Iterable<number>;
  insertPort(endpointId: string, position: number, port: PublishedPort): void;
  ports(endpointId: string): PublishedPort[];
  /** Every published port of every endpoint. */
  portTargets(): PortTarget[];
  /** The container that has published this port on an overlapping address ("0.0.0.0" overlaps with all). */
  portHolder(port: Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>): PortHolder | undefined;
}

const columns =
  'id, network_id, container_id, container_name, interface_name, host_interface, address, mac_address';
const portColumns = 'container_port, protocol, host_address, host_port';

export function createEndpointTable(database: Database): EndpointTable {
  const { sql } = database;
  const insert = sql.prepare(`INSERT INTO endpoints (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const remove = sql.prepare('DELETE FROM endpoints WHERE id = ?');
  const list = sql.prepare(`SELECT ${columns} FROM endpoints`);
  const ofContainer = sql.prepare(`SELECT ${columns} FROM endpoints WHERE container_id = ?`);
  const addressesFrom = sql.prepare(
    'SELECT address FROM endpoints WHERE network_id = ? AND address >= ? ORDER BY address',
  );
  const insertPort = sql.prepare(
    `INSERT INTO published_ports (endpoint_id, position, ${portColumns}) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const ports = sql.prepare(
    `SELECT ${portColumns} FROM published_ports WHERE endpoint_id = ? ORDER BY position`,
  );
  const portTargets = sql.prepare(
    `SELECT ${portColumns}, address FROM published_ports JOIN endpoints ON endpoints.id = endpoint_id`,
  );
  const portHolder = sql.prepare(
    `SELECT container_id, container_name FROM published_ports JOIN endpoints ON endpoints.id = endpoint_id
     WHERE protocol = ?1 AND host_port = ?2 AND (host_address = ?3 OR host_address = '0.0.0.0' OR ?3 = '0.0.0.0')`,
  );
  return {
    insert(row) {
      insert.run(
        row.id,
        row.networkId,
        row.containerId,
        row.containerName,
        row.interfaceName,
        row.hostInterface,
        row.address ?? null,
        row.macAddress,
      );
    },
    remove(id) {
      remove.run(id);
    },
    list: () => list.all().map(toRow),
    ofContainer: (containerId) => ofContainer.all(containerId).map(toRow),
    *addressesFrom(networkId, from) {
      for (const row of addressesFrom.iterate(networkId, from)) yield Number(row['address']);
    },
    insertPort(endpointId, position, port) {
      insertPort.run(
        endpointId,
        position,
        port.containerPort,
        port.protocol,
        port.hostAddress,
        port.hostPort,
      );
    },
    ports: (endpointId) => ports.all(endpointId).map(toPort),
    portTargets: () => portTargets.all().map((row) => ({ ...toPort(row), address: Number(row['address']) })),
    portHolder(port) {
      const row = portHolder.get(port.protocol, port.hostPort, port.hostAddress);
      return (
        row && { containerId: String(row['container_id']), containerName: String(row['container_name']) }
      );
    },
  };
}

function toRow(row: Record<string, unknown>): EndpointRow {
  return {
    id: String(row['id']),
    networkId: String(row['network_id']),
    containerId: String(row['container_id']),
    containerName: String(row['container_name']),
    interfaceName: String(row['interface_name']),
    hostInterface: String(row['host_interface']),
    address: row['address'] === null ? undefined : Number(row['address']),
    macAddress: String(row['mac_address']),
  };
}

function toPort(row: Record<string, unknown>): PublishedPort {
  return {
    containerPort: Number(row['container_port']),
    protocol: String(row['protocol']) as PublishedPort['protocol'],
    hostAddress: String(row['host_address']),
    hostPort: Number(row['host_port']),
  };
}
