import {
  type Family,
  formatIp,
  formatSubnet,
  parseIp,
  parseSubnet,
  type Subnet,
} from '#network/addresses/ip.ts';
import type { NetworkRecord, NetworkTemplate } from '#network/network.ts';
import type { Database } from '#store/database.ts';

/** A row of `networks` with its rows of `network_pools`. */
export interface NetworkRow {
  id: string;
  name: string;
  driver: NetworkRecord['driver'];
  createdAt: number;
  /** Kernel name of the bridge, or of the interface that macvlan or ipvlan shares. */
  interfaceName: string | undefined;
  internal: boolean;
  attachable: boolean;
  options: Record<string, string>;
  labels: Record<string, string>;
  /** In each family at most one; none for drivers host and none. */
  pools: Partial<Record<Family, Pool>>;
  /** Of a network that is only the configuration of others. */
  template: NetworkTemplate | undefined;
  /** Name of the template that it was made from. */
  madeFrom: string | undefined;
}

export interface Pool {
  subnet: Subnet;
  /** The part from which addresses are given; without it the whole subnet. */
  range: Subnet | undefined;
  gateway: bigint | undefined;
  /** Addresses that are not given, by name. */
  auxiliary: Record<string, string>;
  /** Chosen by Dhow, which may choose another one. */
  automatic: boolean;
  /** The address that was given last. */
  last: bigint | undefined;
}

/** A network with everything that driver bridge needs. */
export interface BridgeNetwork extends NetworkRow {
  driver: 'bridge';
  interfaceName: string;
}

/** A network whose containers share an interface of the host. */
export interface SharingNetwork extends NetworkRow {
  driver: 'macvlan' | 'ipvlan';
  interfaceName: string;
}

export interface NetworkTable {
  insert(row: NetworkRow): void;
  remove(id: string): void;
  list(): NetworkRow[];
  byId(id: string): NetworkRow | undefined;
  byName(name: string): NetworkRow | undefined;
  /** Networks whose id begins with `prefix`; at most two, which is enough to see an ambiguity. */
  byIdPrefix(prefix: string): NetworkRow[];
  setLastAddress(id: string, family: Family, address: bigint): void;
  /** Gives a network another pool of a family, or none. */
  setPool(id: string, family: Family, pool: Pool | undefined): void;
  setOptions(id: string, options: Record<string, string>): void;
  getState(key: string): string | undefined;
  setState(key: string, value: string): void;
}

const columns =
  'id, name, driver, created_at, interface_name, internal, attachable, options, labels, template, made_from';

export function createNetworkTable(database: Database): NetworkTable {
  const { sql } = database;
  const insert = sql.prepare(`INSERT INTO networks (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const remove = sql.prepare('DELETE FROM networks WHERE id = ?');
  const list = sql.prepare(`SELECT ${columns} FROM networks ORDER BY created_at, name`);
  const byId = sql.prepare(`SELECT ${columns} FROM networks WHERE id = ?`);
  const byName = sql.prepare(`SELECT ${columns} FROM networks WHERE name = ?`);
  const byIdPrefix = sql.prepare(
    `SELECT ${columns} FROM networks WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2`,
  );
  const pools = sql.prepare('SELECT * FROM network_pools WHERE network_id = ?');
  const removePool = sql.prepare('DELETE FROM network_pools WHERE network_id = ? AND family = ?');
  const insertPool = sql.prepare(
    `INSERT INTO network_pools (network_id, family, subnet, ip_range, gateway, auxiliary, automatic, last_address)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const setLastAddress = sql.prepare(
    'UPDATE network_pools SET last_address = ? WHERE network_id = ? AND family = ?',
  );
  const setOptions = sql.prepare('UPDATE networks SET options = ? WHERE id = ?');
  const getState = sql.prepare('SELECT value FROM network_state WHERE key = ?');
  const setState = sql.prepare(
    'INSERT INTO network_state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );

  function toRow(row: Record<string, unknown>): NetworkRow {
    const id = String(row['id']);
    const entries = pools.all(id).map((pool) => [Number(pool['family']), toPool(pool)]);
    return {
      id,
      name: String(row['name']),
      driver: String(row['driver']) as NetworkRow['driver'],
      createdAt: Number(row['created_at']),
      interfaceName: row['interface_name'] === null ? undefined : String(row['interface_name']),
      internal: row['internal'] === 1,
      attachable: row['attachable'] === 1,
      options: JSON.parse(String(row['options'])) as Record<string, string>,
      labels: JSON.parse(String(row['labels'])) as Record<string, string>,
      pools: Object.fromEntries(entries),
      template:
        row['template'] === null ? undefined : (JSON.parse(String(row['template'])) as NetworkTemplate),
      madeFrom: row['made_from'] === null ? undefined : String(row['made_from']),
    };
  }

  const table: NetworkTable = {
    insert(row) {
      insert.run(
        row.id,
        row.name,
        row.driver,
        row.createdAt,
        row.interfaceName ?? null,
        Number(row.internal),
        Number(row.attachable),
        JSON.stringify(row.options),
        JSON.stringify(row.labels),
        row.template === undefined ? null : JSON.stringify(row.template),
        row.madeFrom ?? null,
      );
      for (const family of [4, 6] as const) table.setPool(row.id, family, row.pools[family]);
    },
    remove(id) {
      remove.run(id);
    },
    list: () => list.all().map(toRow),
    byId(id) {
      const row = byId.get(id);
      return row && toRow(row);
    },
    byName(name) {
      const row = byName.get(name);
      return row && toRow(row);
    },
    byIdPrefix: (prefix) => byIdPrefix.all(prefix).map(toRow),
    setLastAddress(id, family, value) {
      setLastAddress.run(formatIp({ family, value }), id, family);
    },
    setPool(id, family, pool) {
      removePool.run(id, family);
      if (pool === undefined) return;
      insertPool.run(
        id,
        family,
        formatSubnet(pool.subnet),
        pool.range === undefined ? null : formatSubnet(pool.range),
        pool.gateway === undefined ? null : formatIp({ family, value: pool.gateway }),
        JSON.stringify(pool.auxiliary),
        Number(pool.automatic),
        pool.last === undefined ? null : formatIp({ family, value: pool.last }),
      );
    },
    setOptions(id, options) {
      setOptions.run(JSON.stringify(options), id);
    },
    getState(key) {
      const value = getState.get(key)?.['value'];
      return typeof value === 'string' ? value : undefined;
    },
    setState(key, value) {
      setState.run(key, value);
    },
  };
  return table;
}

export function isBridgeNetwork(row: NetworkRow): row is BridgeNetwork {
  return row.driver === 'bridge';
}

export function isSharingNetwork(row: NetworkRow): row is SharingNetwork {
  return row.driver === 'macvlan' || row.driver === 'ipvlan';
}

/** Whether its containers have an interface on it. */
export function hasInterfaces({ driver }: Pick<NetworkRow, 'driver'>): boolean {
  return driver !== 'host' && driver !== 'none';
}

/** The addresses of a pool that no container is given. */
export function reservedAddresses(pool: Pool): Set<bigint> {
  const auxiliary = Object.values(pool.auxiliary).flatMap((text) => parseIp(text)?.value ?? []);
  return new Set(pool.gateway === undefined ? auxiliary : [pool.gateway, ...auxiliary]);
}

function toPool(row: Record<string, unknown>): Pool {
  const address = (column: string) => parseIp(String(row[column]))?.value;
  const subnet = parseSubnet(String(row['subnet']));
  // Only this file writes the rows.
  if (subnet === undefined) throw new Error(`unreadable subnet ${String(row['subnet'])} in the database`);
  return {
    subnet,
    range: parseSubnet(String(row['ip_range'])),
    gateway: address('gateway'),
    auxiliary: JSON.parse(String(row['auxiliary'])) as Record<string, string>,
    automatic: row['automatic'] === 1,
    last: address('last_address'),
  };
}
