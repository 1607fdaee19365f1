import { type IpAddress, ipOfBytes } from '#network/addresses/ip.ts';
import type { ContainerLink, PublishedPort } from '#network/network.ts';
import type { Database } from '#store/database.ts';

/** A port of one container that another one may reach, with the addresses that both have on one bridge network. */
export interface OpenPort {
  /** Name of the bridge. */
  bridge: string;
  from: IpAddress;
  to: IpAddress;
  port: number;
  protocol: PublishedPort['protocol'];
}

/** The rows of `container_links`. */
export interface LinkTable {
  insert(containerId: string, links: readonly ContainerLink[]): void;
  remove(containerId: string, targetId: string): void;
  /** What the links from and to a container open, on networks that both are on. */
  ofContainer(containerId: string): OpenPort[];
  list(): OpenPort[];
}

const query = `SELECT networks.interface_name AS bridge, here.address4 AS here, there.address4 AS there, port, protocol FROM container_links
  JOIN endpoints AS here ON here.container_id = container_links.container_id
  JOIN endpoints AS there ON there.container_id = target_id AND there.network_id = here.network_id
  JOIN networks ON networks.id = here.network_id AND driver = 'bridge'
  WHERE here.address4 IS NOT NULL AND there.address4 IS NOT NULL`;

export function createLinkTable(database: Database): LinkTable {
  const { sql } = database;
  const insert = sql.prepare(
    'INSERT OR IGNORE INTO container_links (container_id, target_id, port, protocol) VALUES (?, ?, ?, ?)',
  );
  const remove = sql.prepare('DELETE FROM container_links WHERE container_id = ? AND target_id = ?');
  const list = sql.prepare(query);
  const ofContainer = sql.prepare(`${query} AND ?1 IN (container_links.container_id, target_id)`);
  return {
    insert(containerId, links) {
      for (const link of links) {
        for (const { containerPort, protocol } of link.ports) {
          insert.run(containerId, link.containerId, containerPort, protocol);
        }
      }
    },
    remove(containerId, targetId) {
      remove.run(containerId, targetId);
    },
    ofContainer: (containerId) => ofContainer.all(containerId).map(toOpenPort),
    list: () => list.all().map(toOpenPort),
  };
}

function toOpenPort(row: Record<string, unknown>): OpenPort {
  return {
    bridge: String(row['bridge']),
    from: ipOfBytes(row['here'] as Uint8Array),
    to: ipOfBytes(row['there'] as Uint8Array),
    port: Number(row['port']),
    protocol: String(row['protocol']) as OpenPort['protocol'],
  };
}
