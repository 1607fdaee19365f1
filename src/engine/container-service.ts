import type { ArchiveWorkers } from '#archive/workers.ts';
import type { CommitService } from '#engine/commit.ts';
import { createCommitService } from '#engine/commit-service.ts';
import { createAttachHub } from '#engine/containers/attach.ts';
import { attachContainer } from '#engine/containers/attach-container.ts';
import { connectToNetwork, disconnectFromNetwork } from '#engine/containers/connect-network.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { volumeUsers, volumeWriters } from '#engine/containers/container-volumes.ts';
import { createContainer } from '#engine/containers/create.ts';
import { createExec, startExec } from '#engine/containers/exec.ts';
import { createExecTable, viewExec } from '#engine/containers/exec-table.ts';
import { handleExitAtLast, tellOom } from '#engine/containers/exit.ts';
import { createHealthMonitors } from '#engine/containers/health/monitors.ts';
import { listLinkNames, unlinkContainer } from '#engine/containers/links.ts';
import { createLocks } from '#engine/containers/locks.ts';
import { createLogForwarders } from '#engine/containers/log-forwarders.ts';
import { keepLogs } from '#engine/containers/log-keeper.ts';
import { followLogs, logAttributes } from '#engine/containers/logs.ts';
import { findContainer, isLive, requireRunning } from '#engine/containers/lookup.ts';
import type { ContainerContext, ContainerParts } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import { pruneContainers, removeContainer } from '#engine/containers/remove.ts';
import { renameContainer } from '#engine/containers/rename.ts';
import { renameVolume } from '#engine/containers/rename-volume.ts';
import { createRestartTimers } from '#engine/containers/restart-timers.ts';
import { restoreContainers, startByPolicy } from '#engine/containers/restore.ts';
import { startContainer } from '#engine/containers/start.ts';
import {
  killContainer,
  pauseContainer,
  restartContainer,
  stopContainer,
  unpauseContainer,
} from '#engine/containers/stop.ts';
import { createContainerTable } from '#engine/containers/table.ts';
import { createTrash } from '#engine/containers/trash.ts';
import { createTurns } from '#engine/containers/turns.ts';
import { updateContainer } from '#engine/containers/update.ts';
import { viewContainer } from '#engine/containers/view.ts';
import { createWaiters } from '#engine/containers/wait.ts';
import { waitForContainer } from '#engine/containers/wait-for-container.ts';
import type { ContainerService } from '#engine/containers.ts';
import { createContainerFiles, type FileServiceParts } from '#engine/file-service.ts';
import type { ContainerFiles } from '#engine/files.ts';
import type { ContainerMonitor } from '#engine/monitor.ts';
import { createContainerMonitor } from '#engine/monitor-service.ts';
import { messageOf } from '#errors/error.ts';
import type { EndpointRequest } from '#network/network.ts';
import { directorySize } from '#sys/directory-size.ts';

export type { ContainerParts } from '#engine/containers/parts.ts';
export { containerMigration } from '#engine/containers/table.ts';

/** The service and what the daemon does with it besides serving it. */
export interface RunningContainerService {
  service: ContainerService;
  monitor: ContainerMonitor;
  files: ContainerFiles;
  commits: CommitService;
  /** Ids of the containers made from an image, or with it mounted. */
  usersOfImage(imageId: string): { id: string; running: boolean }[];
  /** Ids of the containers that refer to a volume. */
  usersOfVolume(volume: string): string[];
  /** Names of those that run and may write to it. */
  writersOfVolume(volume: string): string[];
  /** See `VolumeService.rename`. */
  renameVolume(volume: string, newName: string): Promise<void>;
  /** A container is on one network more, or less; see `NetworkService`. */
  connect(nameOrId: string, request: EndpointRequest): Promise<void>;
  disconnect(nameOrId: string, networkId: string): Promise<void>;
  count(): { running: number; paused: number; stopped: number };
  /** Reconciles rows and kernel, then listens for exits and starts what the restart policies want. Once, before serving. */
  restore(): Promise<void>;
  /** Stops listening and waits for deletions; containers go on. */
  close(): Promise<void>;
}

export async function createContainerService(
  parts: ContainerParts &
    FileServiceParts & { trashDirectory: string; workers: Pick<ArchiveWorkers, 'removeTree'> },
): Promise<RunningContainerService> {
  const { log } = parts;
  const waiters = createWaiters();
  const context: ContainerContext = {
    ...parts,
    table: createContainerTable(parts.database),
    locks: createLocks(),
    turns: createTurns(),
    waiters,
    logForwarders: createLogForwarders({ ...parts, waiters }),
    hub: createAttachHub(),
    execs: createExecTable(),
    health: createHealthMonitors(parts),
    restarts: createRestartTimers((id, error) =>
      log.error('restart failed', { container: id, error: messageOf(error) }),
    ),
    trash: await createTrash(
      parts.trashDirectory,
      (target) => parts.workers.removeTree(target),
      (error) => log.error('deletion failed', { error: messageOf(error) }),
    ),
    oomTold: new Set(),
    keepThroughExit: new Set(),
  };
  const { table } = context;

  let logs: Disposable | undefined;

  async function sizeOf(nameOrId: string): Promise<{ writableBytes: number; rootBytes: number }> {
    const record = findContainer(table, nameOrId);
    const writable = writableDirectory(pathsOf(context.containersDirectory, record.id), record.settings);
    const writableBytes = await directorySize(`${writable}/upper`);
    const layerBytes = record.layers.map((layer) => context.layers.sizeOf(layer));
    return { writableBytes, rootBytes: layerBytes.reduce((sum, bytes) => sum + bytes, writableBytes) };
  }

  const service: ContainerService = {
    create: (request) => createContainer(context, request),
    start: (nameOrId) => startContainer(context, nameOrId),
    stop: (nameOrId, options) => stopContainer(context, nameOrId, options),
    restart: (nameOrId, options) => restartContainer(context, nameOrId, options),
    kill: (nameOrId, signal) => killContainer(context, nameOrId, signal),
    pause: (nameOrId) => pauseContainer(context, nameOrId),
    unpause: (nameOrId) => unpauseContainer(context, nameOrId),
    rename: (nameOrId, newName) => renameContainer(context, nameOrId, newName),
    update: (nameOrId, change) => updateContainer(context, nameOrId, change),
    unlink: (nameOrId, alias) => unlinkContainer(context, nameOrId, alias),
    remove: (nameOrId, options) => removeContainer(context, nameOrId, options),
    prune: () => pruneContainers(context, async (id) => (await sizeOf(id)).writableBytes),
    get: (nameOrId) => viewContainer(context, findContainer(table, nameOrId)),
    list() {
      const linkNames = listLinkNames(context);
      return table
        .list()
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
        .map((record) => viewContainer(context, record, linkNames));
    },
    sizeOf,
    wait: (nameOrId, condition, signal) => waitForContainer(context, nameOrId, condition, signal),
    logs: (nameOrId, query, signal) => followLogs(context, nameOrId, query, signal),
    logAttributes: (nameOrId) => logAttributes(context, nameOrId),
    attach: async (nameOrId, options) => attachContainer(context, nameOrId, options),
    async resize(nameOrId, size) {
      const record = findContainer(table, nameOrId);
      requireRunning(record);
      // Without a terminal there is nothing to do, which Docker does not take for a fault either.
      if (!record.settings.terminal) return;
      await context.runtime.resize(record.id, size);
      emitContainerEvent(context, record, 'resize', {
        height: String(size.rows),
        width: String(size.columns),
      });
    },
    execCreate: (nameOrId, settings) => createExec(context, nameOrId, settings),
    execStart: (execId, options) => startExec(context, execId, options),
    async execResize(execId, size) {
      await context.runtime.resize(context.execs.get(execId).id, size);
    },
    execGet: (execId) => viewExec(context.execs.get(execId)),
  };

  return {
    service,
    files: createContainerFiles(context, parts),
    commits: createCommitService({ context, workers: parts.workers, addLayer: parts.images.addLayer }),
    monitor: createContainerMonitor({
      table,
      events: parts.events,
      hierarchies: parts.cgroups,
      cgroupParent: parts.cgroupParent,
    }),
    usersOfImage: (imageId) =>
      table
        .list()
        .filter(
          ({ imageId: own, mounts }) =>
            own === imageId || mounts.some((mount) => mount.type === 'image' && mount.imageId === imageId),
        )
        .map((record) => ({ id: record.id, running: isLive(record) })),
    connect: (nameOrId, request) => connectToNetwork(context, nameOrId, request),
    disconnect: (nameOrId, networkId) => disconnectFromNetwork(context, nameOrId, networkId),
    usersOfVolume: (volume) => volumeUsers(context, volume),
    writersOfVolume: (volume) => volumeWriters(context, volume),
    renameVolume: (volume, newName) => renameVolume(context, volume, newName),
    count() {
      const statuses = table.list().map((record) => record.state.status);
      const running = statuses.filter((status) => status === 'running' || status === 'restarting').length;
      const paused = statuses.filter((status) => status === 'paused').length;
      return { running, paused, stopped: statuses.length - running - paused };
    },
    async restore() {
      await restoreContainers(context);
      context.runtime.watchOoms((id) => tellOom(context, id));
      await context.runtime.watchExits((exit) => void handleExitAtLast(context, exit));
      logs = keepLogs(context);
      await startByPolicy(context);
    },
    async close() {
      context.restarts.cancelAll();
      context.health.stopAll();
      logs?.[Symbol.dispose]();
      await context.logForwarders.stopAll();
      await context.runtime.close();
      await context.trash.settled();
    },
  };
}
