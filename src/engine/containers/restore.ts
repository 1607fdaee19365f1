import fs from 'node:fs/promises';
import path from 'node:path';
import { dropUnnamedEndpoints } from '#engine/containers/connect-network.ts';
import { bookExit } from '#engine/containers/exit.ts';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import { removeLocked } from '#engine/containers/remove-locked.ts';
import { requireVisibleRoots } from '#engine/containers/require-visible-roots.ts';
import { restartDelay, startsWithDaemon } from '#engine/containers/restart-policy.ts';
import { dropRestart } from '#engine/containers/restarting-state.ts';
import { scheduleRestart } from '#engine/containers/scheduled-restart.ts';
import { launch } from '#engine/containers/start.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import { messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { ProcessState } from '#runtime/runtime.ts';

/** Docker's code for a container whose process vanished without a trace, as after a power cut. */
const EXIT_CODE_UNKNOWN = 255;

/**
 * Start-up: brings the rows and the kernel into agreement after the last daemon ended, in whatever way.
 * Running containers go on untouched; exits that happened meanwhile are booked with the code that conmon kept.
 * @throws see `requireVisibleRoots`, and nothing has been touched
 */
export async function restoreContainers(context: ContainerContext): Promise<void> {
  const found = new Map<string, ProcessState>();
  const live = new Map<string, string>();
  const running: { record: ContainerRecord; pid: number }[] = [];
  for (const record of context.table.list()) {
    const state = await context.runtime.inspect(record.id);
    found.set(record.id, state);
    if (context.database.origin !== 'kept') believeKernel(record, state);
    if (isLive(record) && (state.state === 'running' || state.state === 'paused')) {
      live.set(record.id, `/proc/${state.pid}/ns/net`);
      running.push({ record, pid: state.pid });
    }
  }
  requireVisibleRoots(context.containersDirectory, running);
  await context.networks.restore(live);
  for (const record of context.table.list()) {
    if (live.has(record.id)) {
      await quietly(`freeze or thaw ${record.id}`, () =>
        settlePause(context, record, found.get(record.id)),
      )();
      context.health.watch(record);
      adoptVolumes(context, record);
      await quietly(`end connections of ${record.id}`, () => dropUnnamedEndpoints(context, record))();
      continue;
    }
    try {
      await settle(context, record, found.get(record.id) ?? { state: 'absent' });
    } catch (error) {
      context.log.error('container could not be restored', {
        container: record.id,
        error: messageOf(error),
      });
    }
  }
  for (const record of context.table.list()) context.logForwarders.follow(record);
  await context.volumes.settle();
  await removeOrphanDirectories(context);
}

/** A row out of a snapshot may be from before the start. */
function believeKernel(record: ContainerRecord, found: ProcessState): void {
  if (found.state !== 'running' && found.state !== 'paused') return;
  if (!isLive(record))
    record.state = { ...record.state, status: found.state, pid: found.pid, startedAt: new Date() };
}

/** A daemon that died while it froze or thawed a container (`commit` does both) had promised nothing: what the row says holds. */
async function settlePause(
  context: ContainerContext,
  { id, state }: ContainerRecord,
  found: ProcessState | undefined,
): Promise<void> {
  if (state.status === 'running' && found?.state === 'paused') await context.runtime.resume(id);
  if (state.status === 'paused' && found?.state === 'running') await context.runtime.pause(id);
}

/** What a container has mounted stays so. */
function adoptVolumes(context: ContainerContext, record: ContainerRecord): void {
  for (const mount of record.mounts) {
    if (mount.type === 'volume') context.volumes.adopt(mount.name, record.id);
  }
}

/** Puts a container that does not run into a state that is true, and removes what a crash left of it. */
async function settle(
  context: ContainerContext,
  record: ContainerRecord,
  found: ProcessState,
): Promise<void> {
  using _lock = await context.locks.acquire(record.id);
  if (isLive(record)) {
    const unknown = {
      id: record.id,
      code: EXIT_CODE_UNKNOWN,
      finishedAt: new Date(),
      oomKilled: false,
      failure: 'it ended while no daemon ran, and nothing is left that tells how',
    };
    await bookExit(context, record, found.state === 'exited' ? found.exit : unknown);
    return;
  }
  const { state } = record;
  if (state.status === 'removing' || (state.status === 'exited' && record.settings.host.autoRemove)) {
    await removeLocked(context, record, { volumes: record.settings.host.autoRemove });
    return;
  }
  await takeDown(context, record);
  if (state.status === 'restarting') resumeRestart(context, record);
}

/** The last daemon owed this container a restart; how long it had waited already is not known. */
function resumeRestart(context: ContainerContext, record: ContainerRecord): void {
  const delay = restartDelay({
    policy: record.settings.host.restartPolicy,
    exitCode: record.state.exitCode,
    stoppedByUser: record.stoppedByUser,
    restartCount: record.restartCount,
    ranForMs: 0,
    previousDelayMs: 0,
  });
  if (delay === undefined) {
    dropRestart(record);
    context.table.saveStatus(record);
  } else {
    scheduleRestart(context, record, delay);
  }
}

/** Starts what the restart policies want running. Failures are logged; the container keeps the error. */
export async function startByPolicy(context: ContainerContext): Promise<void> {
  const wanted = context.table
    .list()
    .filter(
      (record) =>
        record.state.status === 'exited' &&
        startsWithDaemon(record.settings.host.restartPolicy, record.stoppedByUser),
    );
  const starting = new Map<string, Promise<void>>();
  /** After those that it needs: links and shared namespaces are only to be had of running containers. */
  function start(record: ContainerRecord): Promise<void> {
    const known = starting.get(record.id);
    if (known !== undefined) return known;
    const needed = wanted.filter((other) => needs(record, other));
    const started = Promise.all(needed.map(start)).then(() => startOne(context, record));
    starting.set(record.id, started);
    return started;
  }
  await Promise.all(wanted.map(start));
}

/** Containers can only need older ones, so there is no circle. */
function needs(record: ContainerRecord, other: ContainerRecord): boolean {
  const { links, networkMode } = record.settings.host;
  if (other.createdAt >= record.createdAt) return false;
  return links.some(({ target }) => target === other.id) || networkMode === `container:${other.id}`;
}

async function startOne(context: ContainerContext, record: ContainerRecord): Promise<void> {
  using _lock = await context.locks.acquire(record.id);
  if (record.state.status !== 'exited') return;
  try {
    await launch(context, record);
  } catch (error) {
    context.log.warn('restart failed', { container: record.id, error: messageOf(error) });
  }
}

/** A directory without a row belongs to a create that never finished or a remove that nearly did; or the row was lost. */
async function removeOrphanDirectories(context: ContainerContext): Promise<void> {
  for (const id of await fs.readdir(context.containersDirectory)) {
    if (context.table.get(id)) continue;
    const { root, sources } = pathsOf(context.containersDirectory, id);
    context.roots.unmount(root);
    await context.roots.unmountBelow(sources);
    const directory = path.join(context.containersDirectory, id);
    if (context.orphansDirectory === undefined) await context.trash.discard(directory);
    else {
      await fs.mkdir(context.orphansDirectory, { recursive: true, mode: 0o700 });
      await fs.rename(directory, path.join(context.orphansDirectory, id));
    }
  }
}
