import type { Migration } from '#store/database.ts';

/**
 * The room's tables. An endpoint row is written before the kernel learns of the endpoint and deleted after the kernel
 * has forgotten it, so that a crash leaves something that `restore` finds.
 * IPv4 addresses are unsigned 32-bit integers, so that the next free one is a comparison.
 */
export const networkMigration: Migration = {
  version: 3,
  name: '0003-networks',
  sql: `
    CREATE TABLE networks (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      driver TEXT NOT NULL CHECK (driver IN ('bridge', 'host', 'none')),
      created_at INTEGER NOT NULL,
      bridge TEXT UNIQUE,
      subnet_address INTEGER,
      prefix_length INTEGER,
      gateway INTEGER,
      last_address INTEGER,
      options TEXT NOT NULL,
      labels TEXT NOT NULL
    ) STRICT;

    CREATE TABLE endpoints (
      id TEXT PRIMARY KEY,
      network_id TEXT NOT NULL REFERENCES networks (id),
      container_id TEXT NOT NULL,
      container_name TEXT NOT NULL,
      interface_name TEXT NOT NULL,
      host_interface TEXT NOT NULL,
      address INTEGER,
      mac_address TEXT NOT NULL,
      UNIQUE (network_id, address),
      UNIQUE (container_id, network_id)
    ) STRICT;

    CREATE TABLE published_ports (
      endpoint_id TEXT NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      container_port INTEGER NOT NULL,
      protocol TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp', 'sctp')),
      host_address TEXT NOT NULL,
      host_port INTEGER NOT NULL,
      PRIMARY KEY (endpoint_id, position),
      UNIQUE (protocol, host_port, host_address)
    ) STRICT;

    CREATE TABLE network_state (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT;
  `,
};
