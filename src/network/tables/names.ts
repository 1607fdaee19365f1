import { bytesOfIp, type Family, type IpAddress, ipOfBytes } from '#network/addresses/ip.ts';
import type { Database } from '#store/database.ts';

/** The names of endpoints on networks that have names. */
export interface NameTable {
  /** Replaces the names of an endpoint. */
  set(endpoint: { id: string; networkId: string }, names: readonly string[]): void;
  /**
   * The addresses of a name (in lower case) on the networks that a container is on; also of `name.network`. The first of
   * its networks that knows the name decides.
   */
  find(containerId: string, name: string): Partial<Record<Family, IpAddress>>[];
  /** The first name of an address on the networks that a container is on, with the network's: `web.mynet`. */
  nameOf(containerId: string, address: IpAddress): string | undefined;
}

/** Nobody needs more answers, and a message holds no more than some thousands. */
const maximumAnswers = 1000;

export function createNameTable(database: Database): NameTable {
  const { sql } = database;
  const remove = sql.prepare('DELETE FROM endpoint_names WHERE endpoint_id = ?');
  const insert = sql.prepare(
    'INSERT OR IGNORE INTO endpoint_names (network_id, name, endpoint_id, position) VALUES (?, ?, ?, ?)',
  );
  const networksOf = sql.prepare(
    `SELECT network_id, networks.name, links FROM endpoints JOIN networks ON networks.id = network_id
     WHERE container_id = ? ORDER BY gateway_priority DESC, networks.name`,
  );
  const find = sql.prepare(
    `SELECT address4, address6 FROM endpoint_names JOIN endpoints ON endpoints.id = endpoint_id
     WHERE endpoint_names.network_id = ? AND endpoint_names.name = ? LIMIT ${maximumAnswers}`,
  );
  const nameOf = {
    4: sql.prepare(nameQuery('address4')),
    6: sql.prepare(nameQuery('address6')),
  };
  return {
    set({ id, networkId }, names) {
      remove.run(id);
      for (const [position, name] of names.entries()) insert.run(networkId, name.toLowerCase(), id, position);
    },
    find(containerId, name) {
      for (const row of networksOf.all(containerId)) {
        const networkId = String(row['network_id']);
        const suffix = `.${String(row['name']).toLowerCase()}`;
        const link = linkOf(row, name);
        const names = name.endsWith(suffix) ? [name, name.slice(0, -suffix.length)] : [name];
        for (const each of link === undefined ? names : [link]) {
          const found = find.all(networkId, each);
          if (found.length > 0) return found.map(toAddresses);
        }
      }
      return [];
    },
    nameOf(containerId, address) {
      const row = nameOf[address.family].get(bytesOfIp(address), containerId);
      return row && `${String(row['endpoint'])}.${String(row['network'])}`;
    },
  };
}

/** What a container calls another one for itself; full ids are known by their beginning. */
function linkOf(row: Record<string, unknown>, name: string): string | undefined {
  const links = JSON.parse(String(row['links'])) as Record<string, string>;
  // Anybody may ask for `constructor`, which every object has.
  const target = Object.hasOwn(links, name) ? links[name]?.toLowerCase() : undefined;
  return target !== undefined && /^[0-9a-f]{64}$/.test(target) ? target.slice(0, 12) : target;
}

function nameQuery(column: string): string {
  return `SELECT endpoint_names.name AS endpoint, networks.name AS network FROM endpoints
    JOIN endpoint_names ON endpoint_id = endpoints.id JOIN networks ON networks.id = endpoints.network_id
    WHERE ${column} = ? AND endpoints.network_id IN (SELECT network_id FROM endpoints WHERE container_id = ?)
    ORDER BY position LIMIT 1`;
}

function toAddresses(row: Record<string, unknown>): Partial<Record<Family, IpAddress>> {
  const { address4, address6 } = row;
  return {
    ...(address4 instanceof Uint8Array ? { 4: ipOfBytes(address4) } : {}),
    ...(address6 instanceof Uint8Array ? { 6: ipOfBytes(address6) } : {}),
  };
}
