import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createApiServer } from '#api/server.ts';
import { createArchiveWorkers } from '#archive/workers.ts';
import { buildFacts, workerUrls } from '#daemon/build-facts.ts';
import type { DaemonConfig } from '#daemon/config.ts';
import { takeDataRoot, takeRunRoot } from '#daemon/data-root.ts';
import { migrations } from '#daemon/migrations.ts';
import { chooseRuntime } from '#daemon/runtimes.ts';
import { prepareSocketPath } from '#daemon/sockets.ts';
import { createBuildService, splitExits } from '#engine/build-service.ts';
import { createContainerService } from '#engine/container-service.ts';
import { createDiskUsageService } from '#engine/disk-usage-service.ts';
import type { Engine } from '#engine/engine.ts';
import { createEventService } from '#engine/event-service.ts';
import { createImageService } from '#engine/image-service.ts';
import { readLogLimits } from '#engine/log-options.ts';
import { createNetworkService } from '#engine/network-service.ts';
import { createRegistryService } from '#engine/registry-service.ts';
import { overlayRoots } from '#engine/root-mounter.ts';
import { createStoreCheckService } from '#engine/store-check-service.ts';
import { createSystemService } from '#engine/system-service.ts';
import { createVolumeService } from '#engine/volume-service.ts';
import { messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { hostPlatform } from '#image/platform.ts';
import type { Log } from '#log/log.ts';
import { readHostResolvConf } from '#network/host-files.ts';
import { createNetworkStack, defaultNetworkSettings, type NetworkSettings } from '#network/network-stack.ts';
import { createRegistryClient } from '#registry/client.ts';
import type { RegistryOptions } from '#registry/registry.ts';
import { createRuntime } from '#runtime/conmon-runtime.ts';
import { takeRunDirectory } from '#runtime/run-directory.ts';
import { findInitBinary, readSpecContext } from '#runtime/spec-context.ts';
import { createCollector } from '#store/collector.ts';
import { createContentStore } from '#store/content.ts';
import { openDatabase } from '#store/database.ts';
import { createImageStore } from '#store/images.ts';
import { createLayerBlobs } from '#store/layer-blobs.ts';
import { createLayerUses } from '#store/layer-uses.ts';
import { createLayerStore } from '#store/layers.ts';
import { createReferences } from '#store/references.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { createPoller } from '#sys/epoll.ts';
import { createNftables } from '#sys/nftables.ts';
import { createLocalVolumeStore } from '#volume/local.ts';

export interface Daemon {
  engine: Engine;
  /** Stops serving and gives everything back. Containers go on; the next daemon takes them over. */
  close(): Promise<void>;
}

/**
 * The composition root: makes the parts from the configuration, reconciles with what an earlier daemon left, and opens the doors. A failure
 * gives back what was taken.
 * @throws Conflict when the data root or a socket is in use; Unavailable when a program that Dhow needs is not installed
 */
export async function startDaemon(config: DaemonConfig, log: Log): Promise<Daemon> {
  await using undo = new AsyncDisposableStack();
  const root = takeDataRoot(config.dataRoot);
  undo.defer(quietly('release data root', () => root.lock[Symbol.dispose]()));
  const runRootLock = takeRunRoot(config.runRoot);
  undo.defer(quietly('release run root', () => runRootLock[Symbol.dispose]()));
  // Before anything of the kernel is touched: a daemon that cannot listen must not have reconciled what is another's.
  const socketPaths = config.hosts.map((host) => host.slice('unix://'.length));
  for (const socketPath of socketPaths) await prepareSocketPath(socketPath);
  const { conmon, ociRuntime, otherRuntimes, warnings, claim } = await chooseRuntime(config, log);
  undo.defer(quietly('release controllers', () => claim?.[Symbol.dispose]()));

  const database = openDatabase(root.database, migrations);
  undo.defer(quietly('close database', () => database.close()));
  const workers = createArchiveWorkers({ workerUrl: workerUrls.archive, count: os.availableParallelism() });
  undo.defer(quietly('end archive workers', async () => workers[Symbol.asyncDispose]()));
  const content = createContentStore(root.content);
  const layers = createLayerStore({
    database,
    directory: root.layers,
    workers,
    onBackgroundError: (step, error) => log.error('layer store', { step, error: messageOf(error) }),
  });
  const imageStore = createImageStore(database);
  for (const image of imageStore.removeIncomplete()) log.warn('incomplete image removed', { image });
  const layerBlobs = createLayerBlobs(database);
  const collector = createCollector({ database, content, layers });
  const registryOptions: RegistryOptions = {
    insecureRegistries: config.insecureRegistries,
    mirrors: config.registryMirrors,
    registryMirrors: config.otherMirrors,
    userAgent: `dhow/${buildFacts.version}`,
    certificatesDirectory: '/etc/docker/certs.d',
    proxy: proxyOf(process.env),
  };
  const registry = createRegistryClient(registryOptions);
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
  const runtime = createRuntime({
    runDirectory,
    ociRuntime,
    otherRuntimes,
    conmonPath: conmon.path,
    log,
    poller,
  });

  const exits = splitExits(runtime);
  const layerUses = createLayerUses(database);
  const specContext = readSpecContext(config.seccompProfile);
  const hostFiles = {
    hosts: () => readText('/etc/hosts') ?? '',
    resolvConf: () => readHostResolvConf(readText),
  };
  const cgroups = readCgroupHierarchies();
  const events = createEventService();
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
    searchRegistries: config.searchRegistries,
    hostPlatform: hostPlatform(process.arch),
    usersOfImage: (imageId) => containers.usersOfImage(imageId),
    maxConcurrentLayers: config.maxConcurrentDownloads,
    maxConcurrentUploads: config.maxConcurrentUploads,
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
    trashDirectory: root.trash,
    workers,
    workerUrl: workerUrls.archive,
    logLimits: readLogLimits(config.logOptions),
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
  const system = createSystemService({
    engineId: root.engineId,
    ...buildFacts,
    dataRoot: config.dataRoot,
    runtime: ociRuntime,
    otherRuntimes,
    conmonVersion: conmon.version,
    cgroupVersion: cgroups.version,
    debug: config.logLevel === 'debug',
    insecureRegistries: config.insecureRegistries,
    mirrors: config.registryMirrors,
    warnings,
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
      connectInsecurely: (host) =>
        createRegistryClient({
          ...registryOptions,
          insecureRegistries: [...registryOptions.insecureRegistries, host],
        }),
    }),
    networks,
    volumes,
    events,
    system,
  };
  const server = createApiServer(engine, { log });
  undo.defer(quietly('close api', () => server.close()));
  for (const socketPath of socketPaths) {
    await server.listen({ path: socketPath });
    undo.defer(quietly('remove socket', () => fs.rmSync(socketPath, { force: true })));
    log.info('listening', { host: `unix://${socketPath}` });
  }
  log.info('started', {
    version: buildFacts.version,
    pid: process.pid,
    dataRoot: config.dataRoot,
    runtime: ociRuntime.path,
  });
  const held = undo.move();
  return { engine, close: () => held.disposeAsync() };
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

/** The usual variables, upper case or lower. */
function proxyOf(env: NodeJS.ProcessEnv): { httpProxy?: string; httpsProxy?: string; noProxy?: string } {
  const value = (name: string) => env[name] ?? env[name.toLowerCase()];
  const httpProxy = value('HTTP_PROXY');
  const httpsProxy = value('HTTPS_PROXY');
  const noProxy = value('NO_PROXY');
  return {
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  };
}
