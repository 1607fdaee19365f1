import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type ContainerParts,
  containerMigration,
  createContainerService,
  type RunningContainerService,
} from '#engine/container-service.ts';
import type { ContainerSettings } from '#engine/container-settings.ts';
import { createEventService } from '#engine/event-service.ts';
import type { EngineEvent } from '#engine/events.ts';
import { createFakeRuntime, type FakeRuntime } from '#engine/testing/fake-runtime.ts';
import { DhowError } from '#errors/error.ts';
import { digestOf } from '#image/digest.ts';
import { silentLog } from '#log/log.ts';
import type { AttachRequest, Endpoint } from '#network/network.ts';
import { parseSeccompProfile } from '#runtime/spec/seccomp.ts';
import { type Database, openDatabase } from '#store/database.ts';
import type { ImageRecord } from '#store/images.ts';
import { createLayerUses } from '#store/layer-uses.ts';
import type { LayerStore } from '#store/layers.ts';
import { storeMigrations } from '#store/migrations.ts';
import { createLocalVolumeStore, volumeMigrations } from '#volume/local.ts';
import type { VolumeRecord, VolumeStore } from '#volume/volume.ts';

/** A container service whose kernel is faked: rows, files and state machine are real. */
export interface FakeEngine extends AsyncDisposable {
  containers: RunningContainerService;
  runtime: FakeRuntime;
  /** What happened to the kernel's parts, in order: `mount`, `unmount`, `attach`, `detach`. */
  kernel: string[];
  events: EngineEvent[];
  failAttach(error: Error | undefined): void;
  /** Makes the next removal of a volume fail. */
  failVolumeRemoval(error: Error): void;
  /** The disk takes no more changes of containers' rows. @returns takes them again */
  refuseRows(): () => void;
  /** What the volume store holds. */
  volumes(): VolumeRecord[];
  /** The daemon is killed: its service hears of nothing more. */
  crash(): void;
  /** What the client of a new daemon sees: a further service over the same files; the runtime's processes live on. */
  restart(): Promise<RunningContainerService>;
  /** Creates and starts; returns the id. */
  run(settings?: ContainerSettings, name?: string): Promise<string>;
  /** Resolves when the container has emitted this event for the nth time (first if not given). */
  happened(id: string, action: string, times?: number): Promise<void>;
}

const image: ImageRecord = {
  id: digestOf('image'),
  config: {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [] },
  },
  tags: ['docker.io/library/app:latest'],
  repoDigests: [],
  sizeBytes: 0,
  addedAt: new Date(0),
};

export async function createFakeEngine(): Promise<FakeEngine> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-engine-'));
  const runtime = createFakeRuntime();
  const kernel: string[] = [];
  const seen: EngineEvent[] = [];
  let volumeFailure: Error | undefined;
  let attachFailure: Error | undefined;
  let volumes: VolumeStore | undefined;
  const databases: Database[] = [];
  const services: RunningContainerService[] = [];
  const watchers = new Set<() => void>();

  function unused(): never {
    throw new Error('no test of containers asks for this');
  }

  function makeNetworks(): ContainerParts['networks'] {
    const bridge = {
      id: 'b'.repeat(64),
      name: 'bridge',
      driver: 'bridge' as const,
      createdAt: new Date(0),
      pools: [],
      internal: false,
      attachable: false,
      options: {},
      labels: {},
    };
    return {
      get(name) {
        if (name === 'bridge') return bridge;
        throw new DhowError('NotFound', `network ${name} not found`);
      },
      createSandbox: async () => ({ path: '/proc/self/ns/net', [Symbol.asyncDispose]: async () => {} }),
      openSandbox: unused,
      async attach({ container }: AttachRequest) {
        if (attachFailure) throw attachFailure;
        kernel.push('attach');
        const endpoint: Endpoint = {
          id: 'e'.repeat(64),
          containerId: container.id,
          containerName: container.name,
          networkId: bridge.id,
          networkName: bridge.name,
          driver: bridge.driver,
          interfaceName: 'eth0',
          macAddress: '02:42:ac:11:00:02',
          ipv4: { address: '172.17.0.2', prefixLength: 22, gateway: '172.17.0.1' },
          ipv6: { address: '', prefixLength: 0, gateway: '' },
          aliases: [],
          names: [],
          gatewayPriority: 0,
        };
        return [endpoint];
      },
      connect: unused,
      disconnect: unused,
      detach: async () => void kernel.push('detach'),
      endpointsOf: () => [],
      portsOf: () => [],
      changePorts: unused,
      unlink: unused,
      rename: () => {},
      restore: async () => {},
    };
  }

  async function makeService(): Promise<RunningContainerService> {
    const database = openDatabase(path.join(directory, 'db'), [
      ...storeMigrations,
      containerMigration,
      ...volumeMigrations,
    ]);
    databases.push(database);
    const local = createLocalVolumeStore({
      database,
      directory: path.join(directory, 'volumes'),
      workers: {
        pack: nothing,
        unpack: unused,
        removeTree: (tree) => fs.promises.rm(tree, { recursive: true, force: true }),
      },
      log: silentLog,
    });
    volumes = {
      ...local,
      async remove(name, users) {
        const failure = volumeFailure;
        volumeFailure = undefined;
        if (failure) throw failure;
        await local.remove(name, users);
      },
    };
    const events = createEventService();
    const containersDirectory = path.join(directory, 'containers');
    fs.mkdirSync(containersDirectory, { recursive: true });
    const service = await createContainerService({
      database,
      images: {
        get(name) {
          if (name === 'app' || name === image.id) return image;
          throw new DhowError('NotFound', `No such image: ${name}`, { reason: 'image-not-found' });
        },
        find: () => image,
        addLayer: async () => image,
      },
      layers: {
        rootMount: (_diffIds, target) => ({
          type: 'overlay',
          lowerDirectories: [],
          upperDirectory: `${target}/upper`,
          workDirectory: `${target}/work`,
        }),
        lowerDirectories: () => [],
      } as Partial<LayerStore> as LayerStore,
      layerUses: createLayerUses(database),
      networks: makeNetworks(),
      volumes,
      runtime,
      specContext: {
        capabilities: ['CAP_CHOWN'],
        architecture: 'amd64',
        kernel: { major: 6, minor: 1 },
        hardLimits: {},
        oomScore: 0,
        defaultSeccomp: parseSeccompProfile('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}', 'test'),
        hostMessageQueues: false,
      },
      events: {
        ...events,
        emit(event) {
          seen.push({ ...event, time: new Date() });
          events.emit(event);
          for (const check of [...watchers]) check();
        },
      },
      log: silentLog,
      roots: {
        mount: (_root, target) => {
          fs.mkdirSync(target, { recursive: true });
          kernel.push('mount');
        },
        unmount: () => void kernel.push('unmount'),
        unmountInBackground: async () => void kernel.push('unmount'),
        mapped: (file) => file,
        mapRoot: (root) => root,
        mountReadonly: unused,
        bindInside: unused,
        unmountBelow: async () => {},
      },
      containersDirectory,
      trashDirectory: path.join(directory, 'trash'),
      // The files of containers are worked on by threads with real mounts: not here.
      workers: { compare: async () => [], pack: nothing, removeTree: unused },
      workerUrl: new URL('file:///'),
      logDefaults: { driver: 'json-file', options: {} },
      cdiDirectories: [],
      journaldSocket: path.join(directory, 'no-journal'),
      cgroups: { version: 2, mounts: [] },
      cgroupParent: '/test',
      realtimeBudget: { periodUs: 0, runtimeUs: 0 },
      hostFiles: {
        hosts: () => '',
        resolvConf: () => 'nameserver 127.0.0.53\n',
        reachableResolvConf: () => 'nameserver 192.0.2.1\n',
      },
      findInitBinary: () => undefined,
    });
    services.push(service);
    return service;
  }

  const containers = await makeService();
  await containers.restore();
  return {
    containers,
    runtime,
    kernel,
    events: seen,
    failAttach(error) {
      attachFailure = error;
    },
    failVolumeRemoval(error) {
      volumeFailure = error;
    },
    refuseRows() {
      const sql = databases.at(-1)?.sql;
      const changes = ['UPDATE', 'DELETE'];
      for (const change of changes) {
        sql?.exec(
          `CREATE TRIGGER no_${change} BEFORE ${change} ON containers BEGIN SELECT RAISE(FAIL, 'full'); END`,
        );
      }
      return () => changes.forEach((change) => void sql?.exec(`DROP TRIGGER no_${change}`));
    },
    volumes: () => volumes?.list() ?? [],
    crash: () => runtime.deafen(),
    async restart() {
      const next = await makeService();
      await next.restore();
      return next;
    },
    async run(settings = settingsOf(), name = '') {
      const { id } = await containers.service.create({ settings, ...(name === '' ? {} : { name }) });
      await containers.service.start(id);
      return id;
    },
    happened(id, action, times = 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      function check(): void {
        if (seen.filter((event) => event.id === id && event.action === action).length < times) return;
        watchers.delete(check);
        resolve();
      }
      watchers.add(check);
      check();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      for (const service of services) await service.close();
      for (const database of databases) database.close();
      fs.rmSync(directory, { recursive: true });
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Settings of `docker run app`, with changes. */
export function settingsOf(
  change: Partial<Omit<ContainerSettings, 'host'>> & { host?: Partial<ContainerSettings['host']> } = {},
): ContainerSettings {
  return {
    image: 'app',
    environment: [],
    workingDirectory: '',
    user: '',
    hostname: '',
    domainname: '',
    labels: {},
    terminal: false,
    openStdin: false,
    stdinOnce: false,
    attachStdin: false,
    attachStdout: true,
    attachStderr: true,
    exposedPorts: [],
    volumePaths: [],
    networkDisabled: false,
    networks: [{ network: 'bridge', aliases: [] }],
    ...change,
    host: {
      binds: [],
      mounts: [],
      volumesFrom: [],
      networkMode: 'bridge',
      links: [],
      ports: [],
      publishAllPorts: false,
      restartPolicy: { name: 'no', maximumRetryCount: 0 },
      autoRemove: false,
      readonlyRoot: false,
      storageOptions: {},
      tmpfs: {},
      shmSizeBytes: 64 * 1024 * 1024,
      sysctls: {},
      rlimits: [],
      additionalGroups: [],
      oomScoreAdj: 0,
      devices: [],
      deviceRequests: [],
      resources: { deviceCgroupRules: [] },
      security: {
        privileged: false,
        capabilitiesAdd: [],
        capabilitiesDrop: [],
        seccomp: { kind: 'unconfined' },
        noNewPrivileges: false,
      },
      pidMode: '',
      ipcMode: '',
      utsMode: '',
      cgroupnsMode: '',
      cgroupParent: '',
      extraHosts: [],
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      logDriver: 'json-file',
      logOptions: {},
      runtime: '',
      annotations: {},
      ...change.host,
    },
  };
}
