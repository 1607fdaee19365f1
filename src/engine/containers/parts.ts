import type { AttachHub } from '#engine/containers/attach.ts';
import type { ExecTable } from '#engine/containers/exec-table.ts';
import type { HealthMonitors } from '#engine/containers/health/monitors.ts';
import type { Locks } from '#engine/containers/locks.ts';
import type { LogForwarders } from '#engine/containers/log-forwarders.ts';
import type { RestartTimers } from '#engine/containers/restart-timers.ts';
import type { ContainerTable } from '#engine/containers/table.ts';
import type { Trash } from '#engine/containers/trash.ts';
import type { Turns } from '#engine/containers/turns.ts';
import type { Waiters } from '#engine/containers/wait.ts';
import type { EventService } from '#engine/events.ts';
import type { ImageService } from '#engine/images.ts';
import type { Log } from '#log/log.ts';
import type { LogDriver, LogOptions } from '#log-drivers/options.ts';
import type { ContainerNetworking, NetworkCatalog, NetworkStack } from '#network/network.ts';
import type { SpecContext } from '#runtime/build-spec.ts';
import type { Runtime } from '#runtime/runtime.ts';
import type { Database } from '#store/database.ts';
import type { LayerUses } from '#store/layer-uses.ts';
import type { LayerStore, RootMount } from '#store/layers.ts';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import type { IdMapping } from '#sys/id-mapping.ts';
import type { RealtimeBudget } from '#sys/realtime-budget.ts';
import type { VolumeStore } from '#volume/volume.ts';

/** Mounts containers' roots; the real one is overlayfs, tests have their own. */
export interface RootMounter {
  /** @param mapping of the user namespace that sees the files, with whose ids `root` shows them (`mapRoot`); absent: those on disk */
  mount(root: RootMount, target: string, mapping?: IdMapping): void;
  /** Where what lies in the data root, but not on a mount of its own there, is seen with the ids of a user namespace. */
  mapped(file: string, mapping: IdMapping | undefined): string;
  /** The same for all of a root. */
  mapRoot(root: RootMount, mapping: IdMapping | undefined): RootMount;
  /** No error when nothing is mounted there. */
  unmount(target: string): void;
  /** The same without keeping the event loop. */
  unmountInBackground(target: string): Promise<void>;
  /** Shows layers, top-most first, to be read only. */
  mountReadonly(lowerDirectories: readonly string[], target: string, mapping?: IdMapping): void;
  /**
   * Shows at `target`, which it makes, what lies at a path below a directory; symlinks on the way do not lead out of it.
   * @throws SystemError, ENOENT when there is nothing
   */
  bindInside(directory: string, inside: string, target: string): void;
  /** Unmounts all that is mounted below a directory. */
  unmountBelow(directory: string): Promise<void>;
}

/** What the container service is made from; each verb picks what it needs. */
export interface ContainerParts {
  database: Database;
  images: Pick<ImageService, 'get' | 'find' | 'addLayer'>;
  layers: LayerStore;
  layerUses: LayerUses;
  networks: Pick<NetworkCatalog, 'get'> & ContainerNetworking & Pick<NetworkStack, 'restore'>;
  volumes: VolumeStore;
  runtime: Runtime;
  specContext: SpecContext;
  events: EventService;
  log: Log;
  roots: RootMounter;
  /** Holds one directory per container: upper, work, root (mount point), log, hosts, hostname, resolv.conf. */
  containersDirectory: string;
  /** Where such directories go that have no row, when rows may have been lost; else they are removed. */
  orphansDirectory?: string;
  /** Of containers that say nothing. */
  logDefaults: { driver: LogDriver; options: LogOptions };
  journaldSocket: string;
  cgroups: CgroupHierarchies;
  /** Where devices are described, the later going before the earlier. */
  cdiDirectories: readonly string[];
  cgroupParent: string;
  /** Of the groups above each container. */
  realtimeBudget: RealtimeBudget;
  /** The host's own files, read at each start. */
  /** Texts of files of the host; `reachableResolvConf`: with the name servers behind a resolver on its loopback. */
  hostFiles: { hosts: () => string; resolvConf: () => string; reachableResolvConf: () => string };
  findInitBinary: () => string | undefined;
  /** Of containers that do not opt out; undefined: the host's ids. */
  idMapping?: IdMapping;
}

/** The service's own state, shared by its verbs. */
export interface ContainerContext extends ContainerParts {
  table: ContainerTable;
  locks: Locks;
  /** For what blocks the event loop: bringing up and taking down. */
  turns: Turns;
  waiters: Waiters;
  hub: AttachHub;
  execs: ExecTable;
  restarts: RestartTimers;
  health: HealthMonitors;
  logForwarders: LogForwarders;
  trash: Trash;
  /** Containers that run and of whose want of memory an event has told. */
  oomTold: Set<string>;
  /** Containers that a `restart` stops: their exit neither removes nor restarts them. */
  keepThroughExit: Set<string>;
}
