import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Log } from '#log/log.ts';
import type {
  AttachRequest,
  Endpoint,
  EndpointRequest,
  NetworkRequest,
  NetworkStack,
  PublishedPortRequest,
  Sandbox,
} from '#network/network.ts';
import { defaultNetworkSettings, type NetworkSettings } from '#network/network-settings.ts';
import { createNetworkStack, networkMigrations } from '#network/network-stack.ts';
import { createPeer, type Peer } from '#network/testing/peer.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { createPoller } from '#sys/epoll.ts';
import { createNftables } from '#sys/nftables.ts';

export const testSettings: NetworkSettings = {
  ...defaultNetworkSettings,
  bridge: 'dhwt0',
  table: 'dhwt',
  vethPrefix: 'dhwt',
};

/** A network service over a database that outlives it, so that a restart of the daemon can be played. */
export interface TestDaemon {
  service: NetworkStack;
  /** Of the default network, IPv4. */
  readonly gateway: string;
  database: Database;
  /** The host's resolv.conf. */
  resolvConf: string;
  /** What was logged at level warn or above. */
  warnings: string[];
  /** Looked at for each new network when its subnet has been chosen, and not taken yet. */
  clock: { now: () => Date };
  /** Ends the service, for good. */
  close(): Promise<void>;
  /** Ends the service and starts another on the same database, as after a crash. */
  restart(live: TestContainer[]): Promise<void>;
  /** A program in a sandbox. */
  peerIn(sandbox: Sandbox): Peer;
  /** A container: sandbox, endpoint and a program inside. */
  run(
    name: string,
    ports?: Partial<PublishedPortRequest>[],
    endpoints?: EndpointRequest[],
  ): Promise<TestContainer>;
}

export interface TestContainer extends Peer {
  id: string;
  /** The first one. */
  endpoint: Endpoint;
  sandbox: Sandbox;
}

export async function startTestDaemon(settings: NetworkSettings = testSettings): Promise<TestDaemon> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'network-test-'));
  process.once('exit', () => fs.rmSync(directory, { recursive: true }));
  const database = openDatabase(path.join(directory, 'dhow.db'), networkMigrations);
  const warnings: string[] = [];
  const warn: Log['warn'] = (event, fields) => warnings.push(`${event} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { debug() {}, info() {}, warn, error: warn };
  const clock = { now: () => new Date() };
  const poller = createPoller({ onFailure: (error) => warnings.push(String(error)) });
  const create = () =>
    createNetworkStack({
      database,
      settings,
      nftables: createNftables(),
      log,
      clock: () => clock.now(),
      readResolvConf: () => daemon.resolvConf,
      poller,
    });

  const daemon: TestDaemon = {
    service: create(),
    get gateway() {
      return daemon.service.get('bridge').pools[0]?.gateway ?? '';
    },
    database,
    resolvConf: 'nameserver 127.0.0.53\n',
    warnings,
    clock,
    async close() {
      daemon.service.close();
      await poller.close();
    },
    async restart(live) {
      daemon.service.close();
      daemon.service = create();
      await daemon.service.restore(new Map(live.map(({ id, sandbox }) => [id, sandbox.path])));
    },
    peerIn: (sandbox) => createPeer(sandbox.path),
    async run(name, ports = [], endpoints) {
      const sandbox = await daemon.service.createSandbox();
      const [endpoint] = await daemon.service.attach(attachRequest(name, sandbox, ports, endpoints));
      if (!endpoint) throw new Error(`${name} has no endpoint`);
      const peer = createPeer(sandbox.path);
      return { ...peer, id: endpoint.containerId, endpoint, sandbox };
    },
  };
  await daemon.service.restore(new Map());
  return daemon;
}

/** A request for a network, with changes. */
export function networkRequest(name: string, change: Partial<NetworkRequest> = {}): NetworkRequest {
  return {
    name,
    driver: 'bridge',
    ipv4: true,
    pools: [],
    internal: false,
    attachable: false,
    options: {},
    labels: {},
    ...change,
  };
}

export function attachRequest(
  name: string,
  sandbox: Sandbox,
  ports: Partial<PublishedPortRequest>[] = [],
  endpoints: EndpointRequest[] = [{ network: 'bridge' }],
): AttachRequest {
  return {
    container: { id: containerId(name), name, hostname: '', nameServers: [] },
    endpoints,
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
