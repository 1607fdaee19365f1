import type { PublishedPort } from '#network/network.ts';
import type { Database } from '#store/database.ts';

export interface PortHolder {
  containerId: string;
  containerName: string;
}

/** The rows of `published_ports`. */
export interface PortTable {
  insert(containerId: string, port: PublishedPort): void;
  remove(port: Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>): void;
  ofContainer(containerId: string): PublishedPort[];
  /** Every published port, with the id of its container. */
  list(): { containerId: string; port: PublishedPort }[];
  /**
   * The container that has published this port on an overlapping address: the same, or one of the two is the
   * unspecified address of their family, which stands for all.
   */
  holder(port: Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>): PortHolder | undefined;
}

const columns = 'container_port, protocol, host_address, host_port';

export function createPortTable(database: Database): PortTable {
  const { sql } = database;
  const insert = sql.prepare(`INSERT INTO published_ports (container_id, ${columns}) VALUES (?, ?, ?, ?, ?)`);
  const remove = sql.prepare(
    'DELETE FROM published_ports WHERE protocol = ? AND host_address = ? AND host_port = ?',
  );
  const order = 'ORDER BY container_port, protocol, host_address, host_port';
  const ofContainer = sql.prepare(`SELECT ${columns} FROM published_ports WHERE container_id = ? ${order}`);
  const list = sql.prepare(`SELECT container_id, ${columns} FROM published_ports`);
  const holder = sql.prepare(
    `SELECT container_id, name FROM published_ports JOIN attached_containers USING (container_id)
     WHERE protocol = ?1 AND host_port = ?2 AND (instr(host_address, ':') > 0) = (instr(?3, ':') > 0)
       AND (host_address = ?3 OR host_address IN ('0.0.0.0', '::') OR ?3 IN ('0.0.0.0', '::'))`,
  );
  return {
    insert(containerId, { containerPort, protocol, hostAddress, hostPort }) {
      insert.run(containerId, containerPort, protocol, hostAddress, hostPort);
    },
    remove({ protocol, hostAddress, hostPort }) {
      remove.run(protocol, hostAddress, hostPort);
    },
    ofContainer: (containerId) => ofContainer.all(containerId).map(toPort),
    list: () => list.all().map((row) => ({ containerId: String(row['container_id']), port: toPort(row) })),
    holder({ protocol, hostPort, hostAddress }) {
      const row = holder.get(protocol, hostPort, hostAddress);
      return row && { containerId: String(row['container_id']), containerName: String(row['name']) };
    },
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
