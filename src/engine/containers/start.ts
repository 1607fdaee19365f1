import fs from 'node:fs';
import path from 'node:path';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findDeviceEdits } from '#engine/containers/device-requests.ts';
import { exitCodeOfFailure } from '#engine/containers/failure-code.ts';
import { followTarget, linkVariables, resolveLinks } from '#engine/containers/links.ts';
import { findContainer, isLive, requireRunning } from '#engine/containers/lookup.ts';
import {
  announceEndpoint,
  exposedPortsOf,
  hostnameOf,
  identityOf,
  networkNameOf,
  networkOwner,
  portsOf,
  requireJoinable,
} from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import { prepareMounts } from '#engine/containers/prepare-mounts.ts';
import { removeLocked } from '#engine/containers/remove-locked.ts';
import { dropRestart } from '#engine/containers/restarting-state.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { takeDown } from '#engine/containers/take-down.ts';
import {
  idMappingFor,
  openUserNamespace,
  refuseWithUserNamespace,
} from '#engine/containers/user-namespace.ts';
import { watchSpace } from '#engine/containers/watch-space.ts';
import { writeHostFiles } from '#engine/containers/write-host-files.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { Endpoint, Sandbox } from '#network/network.ts';
import { applyDeviceEdits } from '#runtime/apply-device-edits.ts';
import { buildSpec } from '#runtime/build-spec.ts';
import type { CreateRequest } from '#runtime/runtime.ts';
import type { NamespaceMode, SpecInput } from '#runtime/spec.ts';
import { rootOutside } from '#sys/id-mapping.ts';
import { grantRealtime } from '#sys/realtime-budget.ts';

/** See `ContainerService.start`. */
export async function startContainer(
  context: ContainerContext,
  nameOrId: string,
): Promise<'started' | 'already-running'> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  if (record.state.status === 'paused') {
    throw new DhowError('Conflict', 'cannot start a paused container, try unpause instead');
  }
  if (isLive(record)) return 'already-running';
  if (record.state.status === 'removing' || !context.table.get(record.id)) {
    throw new DhowError('Conflict', 'container is marked for removal and cannot be started');
  }
  record.restartCount = 0;
  record.stoppedByUser = false;
  await launch(context, record, () => context.logForwarders.probe(record));
  return 'started';
}

/**
 * Brings a container up: root, volumes, network, files, process. The caller holds its lock. A failure undoes what was
 * done, in reverse; the container keeps its state and the error.
 *
 * Nothing is written to the database before the process runs: whatever a crash leaves in the kernel is found by the
 * container's id (run directory, mount point, endpoint row), and `restore` looks at every container that is not running.
 *
 * @param check what else must be so for who starts it by hand, such as that the log can be sent to where it shall go
 */
export async function launch(
  context: ContainerContext,
  record: ContainerRecord,
  check?: () => Promise<void>,
): Promise<void> {
  context.runtime.anticipate();
  const nameLack = watchSpace(context.containersDirectory);
  try {
    await check?.();
    await context.turns.take();
    const pid = await bringUp(context, record);
    await using undo = new AsyncDisposableStack();
    undo.defer(quietly('take down', () => takeDown(context, record)));
    const running = { status: 'running' as const, pid, startedAt: new Date(), error: '', exitCode: 0 };
    context.table.saveStatus({ ...record, state: running });
    undo.move();
    record.state = running;
    context.health.watch(record);
    context.logForwarders.follow(record);
    emitContainerEvent(context, record, 'start');
  } catch (failure) {
    const error = nameLack(failure);
    context.hub.abandon(record.id);
    bookFailure(record, error);
    // `docker run --rm` waits for the removal before it reports the failure.
    await quietly('book failed start', async () => {
      if (record.settings.host.autoRemove) await removeLocked(context, record, { volumes: true });
      else context.table.saveStatus(record);
    })();
    throw error;
  }
}

async function bringUp(context: ContainerContext, record: ContainerRecord): Promise<number> {
  const { id } = record;
  const paths = pathsOf(context.containersDirectory, id);
  await using undo = new AsyncDisposableStack();

  refuseWithUserNamespace(context, record.settings.host);
  const mapping = idMappingFor(context, record.settings.host);
  fs.mkdirSync(paths.root, { recursive: true, mode: 0o710 });
  // The runtime passes through here as the container's root.
  fs.chownSync(paths.directory, 0, mapping === undefined ? 0 : rootOutside(mapping).gid);
  context.roots.mount(
    context.roots.mapRoot(
      context.layers.rootMount(record.layers, writableDirectory(paths, record.settings)),
      mapping,
    ),
    paths.root,
    mapping,
  );
  undo.defer(quietly('unmount root', () => context.roots.unmount(paths.root)));

  using namespaceFiles = new DisposableStack();
  const network = await connectNetwork(context, record, undo, namespaceFiles);
  writeHostFiles(context, record, paths, mapping);
  const mounts = await prepareMounts(context, record, paths, undo, mapping);
  const deviceEdits = await findDeviceEdits(context.cdiDirectories, record.settings.host.deviceRequests);
  const ownSpec = buildSpec(
    specInput(context, record, { root: paths.root, mounts, network }),
    context.specContext,
  );
  const spec = deviceEdits === undefined ? ownSpec : applyDeviceEdits(ownSpec, deviceEdits);

  grantRealtime(context.cgroups, path.posix.dirname(spec.linux.cgroupsPath), context.realtimeBudget);
  undo.defer(quietly('delete process', () => context.runtime.delete(id)));
  const { settings } = record;
  const { pid } = await context.runtime.create(
    {
      id,
      ...(settings.host.runtime ? { runtime: settings.host.runtime } : {}),
      spec,
      logPath: paths.log,
      logDriver: settings.host.logDriver === 'none' ? 'none' : 'file',
      stdin: stdinOf(settings),
      terminal: settings.terminal,
    },
    AbortSignal.any([]),
  );
  // The process holds the namespace; our descriptor would only keep it alive after the exit.
  await network.sandbox?.[Symbol.asyncDispose]();
  await context.hub.connect(id, (options) => context.runtime.attach(id, options));
  await context.runtime.start(id);
  undo.move();
  return pid;
}

/** A terminal is not closed by the first who leaves it: he may come back. */
function stdinOf({ openStdin, stdinOnce, terminal }: ContainerRecord['settings']): CreateRequest['stdin'] {
  if (!openStdin) return 'closed';
  return stdinOnce && !terminal ? 'once' : 'open';
}

interface ConnectedNetwork {
  namespace: NamespaceMode;
  sandbox?: Sandbox;
  userNamespace?: SpecInput['userNamespace'];
}

async function connectNetwork(
  context: ContainerContext,
  record: ContainerRecord,
  undo: AsyncDisposableStack,
  namespaceFiles: DisposableStack,
): Promise<ConnectedNetwork> {
  const { settings } = record;
  const mode = settings.host.networkMode;
  const owner = networkOwner(context, mode);
  const ownerPid = owner && requireJoinable(owner);
  const user = openUserNamespace(context, record, namespaceFiles);
  const userNamespace = user === undefined ? {} : { userNamespace: user.joined };
  if (ownerPid !== undefined) {
    return { namespace: { mode: 'path', path: `/proc/${ownerPid}/ns/net` }, ...userNamespace };
  }
  undo.defer(quietly('detach networks', () => context.networks.detach(record.id)));
  const request = { container: identityOf(record), endpoints: settings.networks };
  if (networkNameOf(mode) === 'host') {
    announce(context, await context.networks.attach({ ...request, ports: [] }));
    return { namespace: { mode: 'host' } };
  }
  const sandbox = await context.networks.createSandbox(user?.networkFd);
  undo.defer(quietly('close network namespace', async () => sandbox[Symbol.asyncDispose]()));
  const namespace: NamespaceMode = { mode: 'path', path: sandbox.path };
  if (!settings.networkDisabled) {
    const links = resolveLinks(context, record).map(({ target }) => ({
      containerId: target.id,
      ports: exposedPortsOf(target),
    }));
    announce(context, await context.networks.attach({ ...request, sandbox, ports: portsOf(record), links }));
    followTarget(context, record);
  }
  return { namespace, sandbox, ...userNamespace };
}

function announce(context: ContainerContext, endpoints: readonly Endpoint[]): void {
  for (const endpoint of endpoints) announceEndpoint(context, 'connect', endpoint);
}

function specInput(
  context: ContainerContext,
  record: ContainerRecord,
  prepared: { root: string; mounts: SpecInput['mounts']; network: ConnectedNetwork },
): SpecInput {
  const { settings, effective } = record;
  const { host } = settings;
  const initBinary = host.init ? context.findInitBinary() : undefined;
  return {
    id: record.id,
    rootDirectory: prepared.root,
    process: {
      args: [...effective.entrypoint, ...effective.command],
      env: [...linkVariables(context, record), ...effective.environment],
      workingDirectory: effective.workingDirectory || '/',
      user: effective.user,
      additionalGroups: host.additionalGroups,
      terminal: settings.terminal,
      ...(host.consoleSize ? { consoleSize: host.consoleSize } : {}),
      ...(host.oomScoreAdj === 0 ? {} : { oomScoreAdj: host.oomScoreAdj }),
      rlimits: host.rlimits,
      noNewPrivileges: host.security.noNewPrivileges,
    },
    // Who shares a network has its names, too.
    hostname: hostnameOf(networkOwner(context, host.networkMode) ?? record),
    ...(settings.domainname ? { domainname: settings.domainname } : {}),
    mounts: prepared.mounts,
    namespaces: {
      pid: namespaceOf(context, host.pidMode, 'pid'),
      ipc: namespaceOf(context, host.ipcMode, 'ipc'),
      uts: namespaceOf(context, host.utsMode, 'uts'),
      cgroup: namespaceOf(context, host.cgroupnsMode, 'cgroup'),
      network: prepared.network.namespace,
    },
    ...(prepared.network.userNamespace ? { userNamespace: prepared.network.userNamespace } : {}),
    security: host.security,
    resources: host.resources,
    devices: host.devices,
    sysctls: host.sysctls,
    shmSizeBytes: host.shmSizeBytes,
    readonlyRoot: host.readonlyRoot,
    ...(initBinary ? { initBinary } : {}),
    cgroupParent: host.cgroupParent || context.cgroupParent,
    annotations: host.annotations,
  };
}

function namespaceOf(context: ContainerContext, mode: string, kind: string): NamespaceMode {
  if (mode === 'host') return { mode: 'host' };
  if (!mode.startsWith('container:')) return { mode: 'private' };
  const other = findContainer(context.table, mode.slice('container:'.length));
  return { mode: 'path', path: `/proc/${requireRunning(other)}/ns/${kind}` };
}

/** A start that failed leaves Docker's state: `created` with the error and the code that `run` ends with. */
function bookFailure(record: ContainerRecord, error: unknown): void {
  const exitCode = exitCodeOfFailure(error, 128);
  const message = messageOf(error);
  dropRestart(record);
  if (record.state.status === 'exited' || record.state.status === 'dead') {
    record.state = { ...record.state, error: message, exitCode };
  } else {
    record.state = { status: 'created', error: message, exitCode };
  }
}
