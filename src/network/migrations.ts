import type { Migration } from '#store/database.ts';

/**
 * The room's tables. The rows of an attachment are written before the kernel learns of it and deleted after the kernel
 * has forgotten it, so that a crash leaves something that `restore` finds.
 * Addresses of endpoints are their bytes in network order, so that the next free one is a comparison.
 */
const firstMigration: Migration = {
  version: 3,
  name: '0003-networks',
  documents: {
    networks: ['options', 'labels'],
    network_pools: ['auxiliary'],
    attached_containers: ['name_servers'],
    endpoints: ['link_local', 'aliases', 'links'],
  },
  sql: `
    CREATE TABLE networks (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      driver TEXT NOT NULL CHECK (driver IN ('bridge', 'macvlan', 'host', 'none')),
      created_at INTEGER NOT NULL,
      interface_name TEXT,
      internal INTEGER NOT NULL,
      attachable INTEGER NOT NULL,
      options TEXT NOT NULL,
      labels TEXT NOT NULL
    ) STRICT;

    CREATE UNIQUE INDEX network_bridges ON networks (interface_name) WHERE driver = 'bridge';

    CREATE TABLE network_pools (
      network_id TEXT NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
      family INTEGER NOT NULL CHECK (family IN (4, 6)),
      subnet TEXT NOT NULL,
      ip_range TEXT,
      gateway TEXT,
      auxiliary TEXT NOT NULL,
      automatic INTEGER NOT NULL,
      last_address TEXT,
      PRIMARY KEY (network_id, family)
    ) STRICT;

    CREATE TABLE attached_containers (
      container_id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      hostname TEXT NOT NULL,
      name_servers TEXT NOT NULL,
      resolver_port INTEGER
    ) STRICT;

    CREATE TABLE endpoints (
      id TEXT PRIMARY KEY,
      network_id TEXT NOT NULL REFERENCES networks (id),
      container_id TEXT NOT NULL REFERENCES attached_containers (container_id) ON DELETE CASCADE,
      interface_name TEXT NOT NULL,
      host_interface TEXT NOT NULL,
      address4 BLOB,
      address6 BLOB,
      mac_address TEXT NOT NULL,
      link_local TEXT NOT NULL,
      aliases TEXT NOT NULL,
      links TEXT NOT NULL,
      gateway_priority INTEGER NOT NULL,
      UNIQUE (network_id, address4),
      UNIQUE (network_id, address6),
      UNIQUE (container_id, network_id)
    ) STRICT;

    CREATE TABLE endpoint_names (
      network_id TEXT NOT NULL,
      name TEXT NOT NULL,
      endpoint_id TEXT NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      PRIMARY KEY (network_id, name, endpoint_id)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX names_of_endpoint ON endpoint_names (endpoint_id);

    CREATE TABLE container_links (
      container_id TEXT NOT NULL REFERENCES attached_containers (container_id) ON DELETE CASCADE,
      target_id TEXT NOT NULL,
      port INTEGER NOT NULL,
      protocol TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp', 'sctp')),
      PRIMARY KEY (container_id, target_id, port, protocol)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX links_to_container ON container_links (target_id);

    CREATE TABLE published_ports (
      container_id TEXT NOT NULL REFERENCES attached_containers (container_id) ON DELETE CASCADE,
      container_port INTEGER NOT NULL,
      protocol TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp', 'sctp')),
      host_address TEXT NOT NULL,
      host_port INTEGER NOT NULL,
      PRIMARY KEY (protocol, host_port, host_address)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX ports_of_container ON published_ports (container_id);

    CREATE TABLE network_state (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT;
  `,
};

/**
 * ipvlan, and templates. A CHECK cannot be changed in place, so the table is made anew; the rows that refer to it wait for the end of the
 * transaction, but for those of `network_pools`, which go with it and are put back.
 */
const driverMigration: Migration = {
  version: 31,
  name: '0031-network-drivers',
  documents: { networks: ['template'] },
  sql: `
    PRAGMA defer_foreign_keys = ON;

    CREATE TEMP TABLE kept_networks AS SELECT * FROM networks;
    CREATE TEMP TABLE kept_pools AS SELECT * FROM network_pools;
    DROP TABLE networks;

    CREATE TABLE networks (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      driver TEXT NOT NULL CHECK (driver IN ('bridge', 'macvlan', 'ipvlan', 'host', 'none')),
      created_at INTEGER NOT NULL,
      interface_name TEXT,
      internal INTEGER NOT NULL,
      attachable INTEGER NOT NULL,
      options TEXT NOT NULL,
      labels TEXT NOT NULL,
      template TEXT,
      made_from TEXT
    ) STRICT;

    CREATE UNIQUE INDEX network_bridges ON networks (interface_name) WHERE driver = 'bridge';

    INSERT INTO networks SELECT *, NULL, NULL FROM kept_networks;
    INSERT INTO network_pools SELECT * FROM kept_pools;
    DROP TABLE kept_networks;
    DROP TABLE kept_pools;
  `,
};

export const networkMigrations: readonly Migration[] = [firstMigration, driverMigration];
