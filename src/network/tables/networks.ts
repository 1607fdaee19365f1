import type { Subnet } from '#network/addresses/ipv4.ts';
import type { NetworkRecord } from '#network/network.ts';
import type { Database } from '#store/database.ts';

/** A row of `networks`. The address fields are set for driver bridge and undefined for the others. */
export interface NetworkRow {
  id: string;
  name: string;
  driver: NetworkRecord['driver'];
  createdAt: number;
  bridge: string | undefined;
  subnet: Subnet | undefined;
  gateway: number | undefined;
  lastAddress: number | undefined;
  options: Record<string, string>;
  labels: Record<string, string>;
}

/** A network with everything that driver bridge needs. */
export interface BridgeNetwork extends NetworkRow {
  driver: 'bridge';
  bridge: string;
  subnet: Subnet;
  gateway: number;
}

export interface NetworkTable {
  insert(row: NetworkRow): void;
  list(): NetworkRow[];
  byName(name: string): NetworkRow | undefined;
  /** Networks whose id begins with `prefix`; at most two, which is enough to see an ambiguity. */
  byIdPrefix(prefix: string): NetworkRow[];
  setLastAddress(id: string, address: number): void;
  /** Gives a network another subnet; its addresses begin anew. */
  setSubnet(id: string, subnet: Subnet, gateway: number): void;
  getState(key: string): string | undefined;
  setState(key: string, value: string): void;
}

const columns =
  'id, name, driver, created_at, bridge, subnet_address, prefix_length, gateway, last_address, options, labels';

export function createNetworkTable(database: Database): NetworkTable {
  const { sql } = database;
  const insert = sql.prepare(`INSERT INTO networks (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const list = sql.prepare(`SELECT ${columns} FROM networks ORDER BY created_at, name`);
  const byName = sql.prepare(`SELECT ${columns} FROM networks WHERE name = ?`);
  const byIdPrefix = sql.prepare(
    `SELECT ${columns} FROM networks WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2`,
  );
  const setLastAddress = sql.prepare('UPDATE networks SET last_address = ? WHERE id = ?');
  const setSubnet = sql.prepare(
    'UPDATE networks SET subnet_address = ?, prefix_length = ?, gateway = ?, last_address = NULL WHERE id = ?',
  );
  const getState = sql.prepare('SELECT value FROM network_state WHERE key = ?');
  const setState = sql.prepare(
    'INSERT INTO network_state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  return {
    insert(row) {
      insert.run(
        row.id,
        row.name,
        row.driver,
        row.createdAt,
        row.bridge ?? null,
        row.subnet?.address ?? null,
        row.subnet?.prefixLength ?? null,
        row.gateway ?? null,
        row.lastAddress ?? null,
        JSON.stringify(row.options),
        JSON.stringify(row.labels),
      );
    },
    list: () => list.all().map(toRow),
    byName(name) {
      const row = byName.get(name);
      return row && toRow(row);
    },
    byIdPrefix: (prefix) => byIdPrefix.all(prefix).map(toRow),
    setLastAddress(id, address) {
      setLastAddress.run(address, id);
    },
    setSubnet(id, subnet, gateway) {
      setSubnet.run(subnet.address, subnet.prefixLength, gateway, id);
    },
    getState(key) {
      const value = getState.get(key)?.['value'];
      return typeof value === 'string' ? value : undefined;
    },
    setState(key, value) {
      setState.run(key, value);
    },
  };
}

export function isBridgeNetwork(row: NetworkRow): row is BridgeNetwork {
  return row.driver === 'bridge';
}

function toRow(row: Record<string, unknown>): NetworkRow {
  const subnetAddress = optionalNumber(row['subnet_address']);
  const prefixLength = optionalNumber(row['prefix_length']);
  return {
    id: String(row['id']),
    name: String(row['name']),
    driver: String(row['driver']) as NetworkRow['driver'],
    createdAt: Number(row['created_at']),
    bridge: row['bridge'] === null ? undefined : String(row['bridge']),
    subnet:
      subnetAddress === undefined || prefixLength === undefined
        ? undefined
        : { address: subnetAddress, prefixLength },
    gateway: optionalNumber(row['gateway']),
    lastAddress: optionalNumber(row['last_address']),
    options: JSON.parse(String(row['options'])) as Record<string, string>,
    labels: JSON.parse(String(row['labels'])) as Record<string, string>,
  };
}

function optionalNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
