import fs from 'node:fs';
import path from 'node:path';
import { buildFacts, workerUrls } from '#daemon/build-facts.ts';
import type { DaemonConfig } from '#daemon/config.ts';
import type { DataRoot } from '#daemon/data-root.ts';
import type { EngineMetrics } from '#daemon/metrics/engine-metrics.ts';
import type { OpenStore } from '#daemon/open-store.ts';
import { createRegistryOf, proxiesOf } from '#daemon/registry.ts';
import type { ChosenRuntime } from '#daemon/runtimes.ts';
import { readRemapSetting, requireRemapping } from '#daemon/userns/remapping.ts';
import { createBuildService, splitExits } from '#engine/build-service.ts';
import { createContainerService } from '#engine/container-service.ts';
import { createDiskUsageService } from '#engine/disk-usage-service.ts';
import type { Engine } from '#engine/engine.ts';
import { createEventService } from '#engine/event-service.ts';
import { createImageService } from '#engine/image-service.ts';
import { createNetworkService } from '#engine/network-service.ts';
import { createRegistryService } from '#engine/registry-service.ts';
import { createOverlayRoots } from '#engine/root-mounter.ts';
import { createStoreCheckService } from '#engine/store-check-service.ts';
import { createSystemService } from '#engine/system-service.ts';
import { createVolumeService } from '#engine/volume-service.ts';
import { messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { hostPlatform } from '#image/platform.ts';
import type { Log } from '#log/log.ts';
import { defaultNetworkSettings, type NetworkSettings } from '#network/network-settings.ts';
import { createNetworkStack } from '#network/network-stack.ts';
import { readHostResolvConf } from '#network/resolv-conf.ts';
import type { AppArmor } from '#runtime/apparmor.ts';
import { createRuntime } from '#runtime/conmon-runtime.ts';
import { takeRunDirectory } from '#runtime/run-directory.ts';
import { findInitBinary, readSpecContext } from '#runtime/spec-context.ts';
import { createLayerUses } from '#store/layer-uses.ts';
import { createReferences } from '#store/references.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { createPoller } from '#sys/epoll.ts';
import { createNftables } from '#sys/nftables.ts';
import { requireRealtime } from '#sys/realtime-budget.ts';
import { createLocalVolumeStore } from '#volume/local.ts';

export interface EngineParts {
  /** As it is at present: a reload changes what parts ask for each time. */
  config: () => DaemonConfig;
  root: DataRoot;
  store: OpenStore;
  chosen: ChosenRuntime;
  appArmor: AppArmor;
  metrics: EngineMetrics;
  /** For `info`. */
  warnings: () => string[];
  log: Log;
}

/**
 * Puts the services together, and reconciles them with what an earlier daemon left.
 * @param undo is given what closes them again
 */
export async function assembleEngine(parts: EngineParts, undo: AsyncDisposableStack): Promise<Engine> {
  const { config, root, metrics, log } = parts;
  const {
    database,
    workers,
    content,
    layers,
    images: imageStore,
    layerBlobs,
    collector,
    orphans,
  } = parts.store;
  const { conmon, ociRuntime, otherRuntimes } = parts.chosen;
  const first = config();
  const registry = createRegistryOf(config);
  undo.defer(quietly('close registry client', () => registry[Symbol.dispose]()));

  const poller = createPoller({
    workerUrl: workerUrls.poller,
    onFailure: (error) => log.error('poller-restarted', { error: messageOf(error) }),
  });
  undo.defer(quietly('end poller', () => poller.close()));
  const stack = createNetworkStack({
    database,
    poller,
    relayWorkerUrl: workerUrls.relay,
    settings: networkSettingsOf(first),
    nftables: createNftables(),
    log,
    clock: () => new Date(),
    readResolvConf: () => readText('/etc/resolv.conf') ?? '',
  });
  undo.defer(quietly('close networks', () => stack.close()));
  const runDirectory = path.join(first.runRoot, 'runtime');
  const takenRunDirectory = takeRunDirectory(runDirectory, log);
  undo.defer(quietly('leave run directory', () => takenRunDirectory[Symbol.dispose]()));
  const conmonRuntime = createRuntime({
    runDirectory,
    ociRuntime,
    otherRuntimes,
    conmonPath: conmon.path,
    monitorGroup: path.posix.join(first.cgroupParent, 'conmon'),
    ensureProfile: parts.appArmor.ensureLoaded,
    log,
    poller,
  });

  const roots = createOverlayRoots({
    dataRoot: first.dataRoot,
    mappedDirectory: path.join(first.runRoot, 'mapped'),
  });
  undo.defer(quietly('unmount the data root as containers see it', () => roots[Symbol.dispose]()));
  const idMapping = first.usernsRemap === undefined ? undefined : await readRemapSetting(first.usernsRemap);
  if (idMapping !== undefined) requireRemapping(roots, idMapping, root.containers);
  const remapping = idMapping === undefined ? {} : { idMapping };

  const runtime = metrics.meterRuntime(conmonRuntime);
  const exits = splitExits(runtime);
  const layerUses = createLayerUses(database);
  const specContext = readSpecContext(first.seccompProfile, parts.appArmor.host);
  const hostFiles = {
    hosts: () => readText('/etc/hosts') ?? '',
    resolvConf: () => readText('/etc/resolv.conf') ?? '',
    reachableResolvConf: () => readHostResolvConf(readText),
  };
  const cgroups = readCgroupHierarchies();
  requireRealtime(cgroups, first.realtimeBudget);
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
      return config().searchRegistries;
    },
    hostPlatform: hostPlatform(process.arch),
    usersOfImage: (imageId) => containers.usersOfImage(imageId),
    get maxConcurrentLayers() {
      return config().maxConcurrentDownloads;
    },
    get maxConcurrentUploads() {
      return config().maxConcurrentUploads;
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
    roots,
    ...remapping,
    containersDirectory: root.containers,
    ...(orphans === undefined ? {} : { orphansDirectory: path.join(orphans, 'containers') }),
    trashDirectory: root.trash,
    workers,
    workerUrl: workerUrls.archive,
    logDefaults: { driver: first.logDriver, options: first.logOptions },
    journaldSocket: first.journaldSocket,
    cdiDirectories: first.cdiDirectories,
    cgroups,
    cgroupParent: first.cgroupParent,
    realtimeBudget: first.realtimeBudget,
    hostFiles,
    findInitBinary: () => first.initPath ?? findInitBinary(),
  });
  undo.defer(quietly('close containers', () => containers.close()));
  const builds = createBuildService({
    ...{ database, content, layers, layerUses, images: imageStore, imageService: images, collector, workers },
    ...{ runtime, exits, networks: stack, specContext, hostFiles, registry, events, roots },
    ...remapping,
    containers: containers.service,
    hostPlatform: hostPlatform(process.arch),
    directory: root.build,
    runDirectory: path.join(first.runRoot, 'build'),
    cgroupParent: first.cgroupParent,
    maxCacheBytes: first.maxBuildCacheBytes,
  });
  undo.defer(quietly('wait for builds', () => builds.settled()));
  const proxies = proxiesOf(process.env);
  const system = createSystemService({
    engineId: root.engineId,
    ...buildFacts,
    dataRoot: first.dataRoot,
    runtime: ociRuntime,
    otherRuntimes,
    conmonVersion: conmon.version,
    cgroupVersion: cgroups.version,
    logDriver: first.logDriver,
    cdiDirectories: first.cdiDirectories,
    addressPools: first.addressPools,
    appArmor: parts.appArmor.host,
    remapsIds: idMapping !== undefined,
    get debug() {
      return config().logLevel === 'debug';
    },
    get insecureRegistries() {
      return config().insecureRegistries;
    },
    get mirrors() {
      return config().registryMirrors;
    },
    proxies: {
      http: proxies.httpProxy ?? '',
      https: proxies.httpsProxy ?? '',
      exempt: proxies.noProxy ?? '',
    },
    get warnings() {
      return parts.warnings();
    },
    countContainers: () => containers.count(),
    countImages: () => imageStore.list().length,
    eventListeners: () => events.subscriberCount(),
  });

  const networks = createNetworkService({ networks: stack, containers, events, database });
  const volumes = createVolumeService({ volumes: localVolumes, containers, events });
  await containers.restore();
  database.settle();
  await builds.restore();
  return {
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
