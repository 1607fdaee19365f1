import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createApiServer } from '#api/server.ts';
import { createArchiveWorkers } from '#archive/workers.ts';
import { createBuildkit } from '#buildkit/buildkit.ts';
import { buildFacts, workerUrls } from '#daemon/build-facts.ts';
import type { DaemonConfig } from '#daemon/config.ts';
import { takeDataRoot, takeRunRoot } from '#daemon/data-root.ts';
import { requireKnownSchema } from '#daemon/known-schema.ts';
import type { PassedSocket } from '#daemon/listen/passed-sockets.ts';
import { type Doors, listen, prepareListening } from '#daemon/listen.ts';
import { createEngineMetrics } from '#daemon/metrics/engine-metrics.ts';
import { processMetrics } from '#daemon/metrics/process-metrics.ts';
import { serveMetrics } from '#daemon/metrics/serve-metrics.ts';
import { migrations } from '#daemon/migrations.ts';
import { createRegistryOf } from '#daemon/registry.ts';
import { chooseRuntime } from '#daemon/runtimes.ts';
import { createBuildService, splitExits } from '#engine/build-service.ts';
import { createContainerService } from '#engine/container-service.ts';
import { createDiskUsageService } from '#engine/disk-usage-service.ts';
import type { Engine } from '#engine/engine.ts';
import { createEventService } from '#engine/event-service.ts';
import { createImageService } from '#engine/image-service.ts';
import { createNetworkService } from '#engine/network-service.ts';
import { createRegistryService } from '#engine/registry-service.ts';
import { overlayRoots } from '#engine/root-mounter.ts';
import { createStoreCheckService } from '#engine/store-check-service.ts';
import { createSystemService } from '#engine/system-service.ts';
import { startUpkeep } from '#engine/upkeep.ts';
import { createVolumeService } from '#engine/volume-service.ts';
import { messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { hostPlatform } from '#image/platform.ts';
import type { Log } from '#log/log.ts';
import { readHostResolvConf } from '#network/host-files.ts';
import { createNetworkStack, defaultNetworkSettings, type NetworkSettings } from '#network/network-stack.ts';
import { createRuntime } from '#runtime/conmon-runtime.ts';
import { takeRunDirectory } from '#runtime/run-directory.ts';
import { findInitBinary, readSpecContext } from '#runtime/spec-context.ts';
import { createCollector } from '#store/collector.ts';
import { createContentStore } from '#store/content.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { createImageStore } from '#store/images.ts';
import { createLayerBlobs } from '#store/layer-blobs.ts';
import { createLayerUses } from '#store/layer-uses.ts';
import { createLayerStore } from '#store/layers.ts';
import { createLeases } from '#store/leases.ts';
import { createReferences } from '#store/references.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { createPoller } from '#sys/epoll.ts';
import { createNftables } from '#sys/nftables.ts';
import { createLocalVolumeStore } from '#volume/local.ts';

export interface Daemon {
  engine: Engine;
  /** Where it listens. */
  hosts: readonly string[];
  /**
   * Goes on with other settings, as far as they can change while it runs, and with the certificates that the files hold now.
   * @throws InvalidParameter, and nothing has changed
   */
  reload(config: DaemonConfig): void;
  /** Stops serving and gives everything back. Containers go on; the next daemon takes them over. */
  close(): Promise<void>;
}

/**
 * The composition root: makes the parts from the configuration, reconciles with what an earlier daemon left, and opens the doors. A failure
 * gives back what was taken.
 * @param passed sockets on which a service manager listens for the daemon
 * @throws Conflict when the data root or a socket is in use; Unavailable when a program that Dhow needs is not installed
 */
export async function startDaemon(
  initial: DaemonConfig,
  passed: readonly PassedSocket[],
  log: Log,
): Promise<Daemon> {
  await using undo = new AsyncDisposableStack();
  let config = initial;
  const root = takeDataRoot(config.dataRoot);
  undo.defer(quietly('release data root', () => root.lock[Symbol.dispose]()));
  const runRootLock = takeRunRoot(config.runRoot);
  undo.defer(quietly('release run root', () => runRootLock[Symbol.dispose]()));
  // Before anything of the kernel is touched: a daemon that cannot listen must not have reconciled what is another's.
  const listening = { ...config, passed };
  await prepareListening(listening);
  const { conmon, ociRuntime, otherRuntimes, warnings, claim } = await chooseRuntime(config, log);
  undo.defer(quietly('release controllers', () => claim?.[Symbol.dispose]()));

  requireKnownSchema(root.database, migrations);
  const database = openDatabase(root.database, migrations);
  undo.defer(quietly('close database', () => database.close()));
  undo.defer(quietly('copy database', () => database.snapshot()));
  const orphans = tellOrigin(database, config.dataRoot, log);
  const workers = createArchiveWorkers({ workerUrl: workerUrls.archive, count: os.availableParallelism() });
  undo.defer(quietly('end archive workers', async () => workers[Symbol.asyncDispose]()));
  const leases = createLeases();
  const content = createContentStore(root.content, leases.note);
  const layers = createLayerStore({
    database,
    directory: root.layers,
    workers,
    note: leases.note,
    ...(orphans === undefined ? {} : { orphansDirectory: path.join(orphans, 'layers') }),
    onBackgroundError: (step, error) => log.error('layer store', { step, error: messageOf(error) }),
  });
  const imageStore = createImageStore(database);
  for (const image of imageStore.removeIncomplete()) log.warn('incomplete image removed', { image });
  const layerBlobs = createLayerBlobs(database);
  const collector = createCollector({
    ...{ database, content, layers, leases },
    keepUnfinishedMs: config.keepUnfinishedMs,
  });
  const registry = createRegistryOf(() => config);
  undo.defer(quietly('close registry client', () => registry[Symbol.dispose]()));

  const poller = createPoller({
    workerUrl: workerUrls.poller,
    onFailure: (error) => log.error('poller-restarted', { error: messageOf(error) }),
  });
  undo.defer(quietly('end poller', () => poller.close()));
  const stack = createNetworkStack({
    database,
    poller,
    settings: networkSettingsOf(config),
    nftables: createNftables(),
    log,
    clock: () => new Date(),
    readResolvConf: () => readText('/etc/resolv.conf') ?? '',
  });
  undo.defer(quietly('close networks', () => stack.close()));
  const runDirectory = path.join(config.runRoot, 'runtime');
  const takenRunDirectory = takeRunDirectory(runDirectory, log);
  undo.defer(quietly('leave run directory', () => takenRunDirectory[Symbol.dispose]()));
  const metrics = createEngineMetrics();
  const conmonRuntime = createRuntime({
    runDirectory,
    ociRuntime,
    otherRuntimes,
    conmonPath: conmon.path,
    log,
    poller,
  });

  const runtime = metrics.meterRuntime(conmonRuntime);
  const exits = splitExits(runtime);
  const layerUses = createLayerUses(database);
  const specContext = readSpecContext(config.seccompProfile);
  const hostFiles = {
    hosts: () => readText('/etc/hosts') ?? '',
    resolvConf: () => readHostResolvConf(readText),
  };
  const cgroups = readCgroupHierarchies();
  const events = metrics.meterEvents(createEventService());
  const localVolumes = createLocalVolumeStore({ database, directory: root.volumes, workers, log });
  const images = createImageService({
    database,
    content,
    layers,
    layerBlobs,
    images: imageStore,
    collector,
    registry,
    events,
    log,
    get searchRegistries() {
      return config.searchRegistries;
    },
    hostPlatform: hostPlatform(process.arch),
    usersOfImage: (imageId) => containers.usersOfImage(imageId),
    get maxConcurrentLayers() {
      return config.maxConcurrentDownloads;
    },
    get maxConcurrentUploads() {
      return config.maxConcurrentUploads;
    },
  });
  const containers = await createContainerService({
    database,
    images,
    layers,
    layerUses,
    networks: stack,
    volumes: localVolumes,
    runtime: exits.runtime,
    specContext,
    events,
    log,
    roots: overlayRoots,
    containersDirectory: root.containers,
    ...(orphans === undefined ? {} : { orphansDirectory: path.join(orphans, 'containers') }),
    trashDirectory: root.trash,
    workers,
    workerUrl: workerUrls.archive,
    logDefaults: { driver: config.logDriver, options: config.logOptions },
    journaldSocket: config.journaldSocket,
    cgroups,
    cgroupParent: config.cgroupParent,
    hostFiles,
    findInitBinary: () => config.initPath ?? findInitBinary(),
  });
  undo.defer(quietly('close containers', () => containers.close()));
  const builds = createBuildService({
    ...{ database, content, layers, layerUses, images: imageStore, imageService: images, collector, workers },
    ...{ runtime, exits, networks: stack, specContext, hostFiles, registry, events },
    hostPlatform: hostPlatform(process.arch),
    directory: root.build,
    runDirectory: path.join(config.runRoot, 'build'),
    cgroupParent: config.cgroupParent,
    maxCacheBytes: config.maxBuildCacheBytes,
  });
  undo.defer(quietly('wait for builds', () => builds.settled()));
  let doors: Doors | undefined;
  const system = createSystemService({
    engineId: root.engineId,
    ...buildFacts,
    dataRoot: config.dataRoot,
    runtime: ociRuntime,
    otherRuntimes,
    conmonVersion: conmon.version,
    cgroupVersion: cgroups.version,
    logDriver: config.logDriver,
    get debug() {
      return config.logLevel === 'debug';
    },
    get insecureRegistries() {
      return config.insecureRegistries;
    },
    get mirrors() {
      return config.registryMirrors;
    },
    get warnings() {
      return [...warnings, ...(doors?.warnings ?? [])];
    },
    countContainers: () => containers.count(),
    countImages: () => imageStore.list().length,
    eventListeners: () => events.subscriberCount(),
  });

  const networks = createNetworkService({ networks: stack, containers, events });
  const volumes = createVolumeService({ volumes: localVolumes, containers, events });
  await containers.restore();
  await builds.restore();
  const engine: Engine = {
    containers: containers.service,
    monitor: containers.monitor,
    files: containers.files,
    builds: builds.service,
    commits: containers.commits,
    diskUsage: createDiskUsageService({
      database,
      images,
      containers: containers.service,
      volumes: localVolumes,
      usersOfVolume: (volume) => containers.usersOfVolume(volume),
      builds: builds.service,
    }),
    images,
    storeCheck: createStoreCheckService({
      ...{ database, content, layers, layerBlobs, collector, registry },
      images: imageStore,
      references: createReferences(database),
      usersOfImage: (imageId) => containers.usersOfImage(imageId),
    }),
    registries: createRegistryService({
      registry,
      connectInsecurely: registry.connectInsecurely,
    }),
    networks,
    volumes,
    events,
    system,
  };
  const buildkit = createBuildkit({
    ...{ builds: builds.service, images, hostPlatform: hostPlatform(process.arch), log },
    ...{ version: buildFacts.version, directory: path.join(config.runRoot, 'buildkit') },
  });
  const server = createApiServer(metrics.meterEngine(engine), { log, debug: () => config.debug, buildkit });
  undo.defer(quietly('close api', () => server.close(config.shutdownTimeoutSeconds * 1000)));
  if (config.metricsEndpoint) {
    const all = [...metrics.list(engine), ...processMetrics()];
    const served = undo.use(await serveMetrics(all, config.metricsEndpoint));
    log.info('serving metrics', { url: served.url });
  }
  doors = await listen(listening, server.accept, log);
  const { hosts, close: stopListening, renewCertificates } = doors;
  undo.defer(quietly('stop listening', stopListening));
  undo.use(
    startUpkeep({
      ...{ database, collector, log },
      builds: builds.service,
      buildCacheRules: config.buildCacheRules,
      keepUnfinishedMs: config.keepUnfinishedMs,
      intervalMs: config.gcIntervalMs,
    }),
  );
  log.info('started', {
    version: buildFacts.version,
    pid: process.pid,
    dataRoot: config.dataRoot,
    runtime: ociRuntime.path,
  });
  const held = undo.move();
  return {
    engine,
    hosts,
    reload(next) {
      renewCertificates();
      config = next;
      const attributes = { name: os.hostname() };
      events.emit({ type: 'daemon', action: 'reload', id: root.engineId, attributes });
    },
    close: () => held.disposeAsync(),
  };
}

/**
 * Tells how a database was made anew.
 * @returns where things go whose rows may have been lost; undefined when none can have been
 */
function tellOrigin({ origin }: Database, dataRoot: string, log: Log): string | undefined {
  if (origin === 'kept') return undefined;
  const orphans = path.join(dataRoot, 'orphans', new Date().toISOString().replaceAll(/[:.]/g, '-'));
  if (origin === 'new') return orphans;
  const { problems, setAside, snapshotTime, tables } = origin;
  const snapshot = snapshotTime?.toISOString();
  log.error('database-rescued', { problem: problems[0], setAside, snapshot, orphans });
  for (const { name: table, ...rows } of tables) log.error('rows-rescued', { table, ...rows });
  return orphans;
}

function networkSettingsOf(config: DaemonConfig): NetworkSettings {
  const {
    bridge,
    nftTable: table,
    vethPrefix,
    interContainer,
    ipv6,
    addressPools,
    obeyHostFirewall,
  } = config;
  const subnetSources = addressPools.length > 0 ? addressPools : defaultNetworkSettings.subnetSources;
  return { bridge, table, vethPrefix, subnetSources, interContainer, ipv6, obeyHostFirewall };
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // A host without this file: the callers have their defaults.
    return undefined;
  }
}
