import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Log } from '#log/log.ts';
import type {
  AttachRequest,
  Endpoint,
  NetworkService,
  PublishedPortRequest,
  Sandbox,
} from '#network/network.ts';
import {
  createNetworkService,
  defaultNames,
  type NetworkNames,
  networkMigration,
} from '#network/network-service.ts';
import { createPeer, type Peer } from '#network/testing/peer.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { createNftables } from '#sys/nftables.ts';

export const testNames: NetworkNames = {
  ...defaultNames,
  bridge: 'dhwt0',
  table: 'dhwt',
  vethPrefix: 'dhwt',
};

/** A network service over a database that outlives it, so that a restart of the daemon can be played. */
export interface TestDaemon {
  service: NetworkService;
  database: Database;
  /** What was logged at level warn or above. */
  warnings: string[];
  /** Ends the service and starts another on the same database, as after a crash. */
  restart(live: string[]): Promise<void>;
  /** A container: sandbox, endpoint and a program inside. */
  run(name: string, ports?: Partial<PublishedPortRequest>[]): Promise<TestContainer>;
}

export interface TestContainer extends Peer {
  id: string;
  endpoint: Endpoint;
  sandbox: Sandbox;
}

export async function startTestDaemon(names: NetworkNames = testNames): Promise<TestDaemon> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'network-test-'));
  process.once('exit', () => fs.rmSync(directory, { recursive: true }));
  const database = openDatabase(path.join(directory, 'dhow.db'), [networkMigration]);
  const warnings: string[] = [];
  const warn: Log['warn'] = (event, fields) => warnings.push(`${event} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { debug() {}, info() {}, warn, error: warn };
  const create = () =>
    createNetworkService({ database, names, nftables: createNftables(), log, clock: () => new Date() });

  const daemon: TestDaemon = {
    service: create(),
    database,
    warnings,
    async restart(live) {
      daemon.service.close();
      daemon.service = create();
      await daemon.service.restore(new Set(live));
    },
    async run(name, ports = []) {
      const sandbox = await daemon.service.createSandbox();
      const endpoint = await daemon.service.attach(attachRequest(name, sandbox, ports));
      const peer = createPeer(sandbox.path);
      return { ...peer, id: endpoint.containerId, endpoint, sandbox };
    },
  };
  await daemon.service.restore(new Set());
  return daemon;
}

export function attachRequest(
  name: string,
  sandbox: Sandbox,
  ports: Partial<PublishedPortRequest>[] = [],
): AttachRequest {
  return {
    containerId: containerId(name),
    containerName: name,
    network: 'bridge',
    sandbox,
    ports: ports.map(({ hostPort = 0, ...port }) => ({
      containerPort: 80,
      protocol: 'tcp',
      hostAddress: '',
      hostPort,
      hostPortEnd: hostPort,
      ...port,
    })),
  };
}

/** An id made from the name, so that tests need not carry it around. */
export function containerId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0');
}
