import fs from 'node:fs';
import os from 'node:os';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { exitCodeOfFailure } from '#engine/containers/failure-code.ts';
import { findContainer, isLive, requireRunning } from '#engine/containers/lookup.ts';
import { networkNameOf } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import { prepareMounts } from '#engine/containers/prepare-mounts.ts';
import { removeLocked } from '#engine/containers/remove-locked.ts';
import { dropRestart } from '#engine/containers/restarting-state.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { writeHostFiles } from '#engine/containers/write-host-files.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { Endpoint, PublishedPortRequest, Sandbox } from '#network/network.ts';
import { buildSpec } from '#runtime/build-spec.ts';
import type { CreateRequest } from '#runtime/runtime.ts';
import type { NamespaceMode, SpecInput } from '#runtime/spec.ts';

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
  await launch(context, record);
  return 'started';
}

/**
 * Brings a container up: root, volumes, network, files, process. The caller holds its lock. A failure undoes what was
 * done, in reverse; the container keeps its state and the error.
 *
 * Nothing is written to the database before the process runs: whatever a crash leaves in the kernel is found by the
 * container's id (run directory, mount point, endpoint row), and `restore` looks at every container that is not running.
 */
export async function launch(context: ContainerContext, record: ContainerRecord): Promise<void> {
  context.runtime.anticipate();
  try {
    const pid = await bringUp(context, record);
    record.state = { status: 'running', pid, startedAt: new Date(), error: '', exitCode: 0 };
    context.table.saveStatus(record);
    emitContainerEvent(context, record, 'start');
  } catch (error) {
    context.hub.abandon(record.id);
    bookFailure(record, error);
    // `docker run --rm` waits for the removal before it reports the failure.
    if (record.settings.host.autoRemove) await removeLocked(context, record, { volumes: true });
    else context.table.saveStatus(record);
    throw error;
  }
}

async function bringUp(context: ContainerContext, record: ContainerRecord): Promise<number> {
  const { id } = record;
  const paths = pathsOf(context.containersDirectory, id);
  await using undo = new AsyncDisposableStack();

  fs.mkdirSync(paths.root, { recursive: true, mode: 0o710 });
  context.roots.mount(context.layers.rootMount(record.layers, paths.directory), paths.root);
  undo.defer(quietly('unmount root', () => context.roots.unmount(paths.root)));

  const network = await connectNetwork(context, record, undo);
  writeHostFiles(context, record, paths, hostnameOf(record), network.endpoint);
  const mounts = await prepareMounts(context, record, paths);
  const spec = buildSpec(
    specInput(context, record, { root: paths.root, mounts, network: network.namespace }),
    context.specContext,
  );

  undo.defer(quietly('delete process', () => context.runtime.delete(id)));
  const { settings } = record;
  const { pid } = await context.runtime.create(
    {
      id,
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
  endpoint?: Endpoint;
  sandbox?: Sandbox;
}

async function connectNetwork(
  context: ContainerContext,
  record: ContainerRecord,
  undo: AsyncDisposableStack,
): Promise<ConnectedNetwork> {
  const { settings } = record;
  const mode = settings.host.networkMode;
  if (mode.startsWith('container:')) {
    const other = findContainer(context.table, mode.slice('container:'.length));
    return { namespace: { mode: 'path', path: `/proc/${requireRunning(other)}/ns/net` } };
  }
  const network = context.networks.get(networkNameOf(mode));
  undo.defer(quietly('detach network', () => context.networks.detach(record.id)));
  const request = { containerId: record.id, containerName: record.name, network: network.name };
  if (network.driver === 'host') {
    await context.networks.attach({ ...request, ports: [] });
    return { namespace: { mode: 'host' } };
  }

  const sandbox = await context.networks.createSandbox();
  undo.defer(quietly('close network namespace', async () => sandbox[Symbol.asyncDispose]()));
  const namespace: NamespaceMode = { mode: 'path', path: sandbox.path };
  if (settings.networkDisabled) return { namespace, sandbox };
  if (network.driver === 'none') {
    await context.networks.attach({ ...request, ports: [] });
    return { namespace, sandbox };
  }
  const { address, macAddress } = settings.endpoint;
  const endpoint = await context.networks.attach({
    ...request,
    sandbox,
    ...(address ? { address } : {}),
    ...(macAddress ? { macAddress } : {}),
    ports: portsOf(record),
  });
  return { namespace, endpoint, sandbox };
}

/** The ports asked for, and with `-P` every exposed one that was not. */
function portsOf(record: ContainerRecord): PublishedPortRequest[] {
  const { ports, publishAllPorts } = record.settings.host;
  if (!publishAllPorts) return ports;
  const named = new Set(ports.map((port) => `${port.containerPort}/${port.protocol}`));
  const exposed = record.effective.exposedPorts.filter((port) => !named.has(port));
  return [...ports, ...exposed.flatMap(expandExposed)];
}

/** `8000-8010/tcp` is a range of single ports, each published to any free one. */
function expandExposed(text: string): PublishedPortRequest[] {
  const match = /^(\d+)(?:-(\d+))?\/(tcp|udp|sctp)$/.exec(text);
  if (!match) throw new DhowError('InvalidParameter', `invalid exposed port "${text.slice(0, 60)}"`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  const protocol = match[3] as PublishedPortRequest['protocol'];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
    containerPort: first + index,
    protocol,
    hostAddress: '',
    hostPort: 0,
    hostPortEnd: 0,
  }));
}

function specInput(
  context: ContainerContext,
  record: ContainerRecord,
  prepared: { root: string; mounts: SpecInput['mounts']; network: NamespaceMode },
): SpecInput {
  const { settings, effective } = record;
  const { host } = settings;
  const initBinary = host.init ? context.findInitBinary() : undefined;
  return {
    id: record.id,
    rootDirectory: prepared.root,
    process: {
      args: [...effective.entrypoint, ...effective.command],
      env: effective.environment,
      workingDirectory: effective.workingDirectory || '/',
      user: effective.user,
      additionalGroups: host.additionalGroups,
      terminal: settings.terminal,
      ...(host.consoleSize ? { consoleSize: host.consoleSize } : {}),
      ...(host.oomScoreAdj === 0 ? {} : { oomScoreAdj: host.oomScoreAdj }),
      rlimits: host.rlimits,
      noNewPrivileges: host.security.noNewPrivileges,
    },
    hostname: hostnameOf(record),
    ...(settings.domainname ? { domainname: settings.domainname } : {}),
    mounts: prepared.mounts,
    namespaces: {
      pid: namespaceOf(context, host.pidMode, 'pid'),
      ipc: namespaceOf(context, host.ipcMode, 'ipc'),
      uts: namespaceOf(context, host.utsMode, 'uts'),
      cgroup: namespaceOf(context, host.cgroupnsMode, 'cgroup'),
      network: prepared.network,
    },
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

/** With the host's network or UTS namespace a container has the host's name, unless it was given one. */
function hostnameOf(record: ContainerRecord): string {
  const { hostname, host } = record.settings;
  if (hostname) return hostname;
  return host.utsMode === 'host' || networkNameOf(host.networkMode) === 'host'
    ? os.hostname()
    : record.id.slice(0, 12);
}

function namespaceOf(context: ContainerContext, mode: string, kind: string): NamespaceMode {
  if (mode === 'host') return { mode: 'host' };
  if (!mode.startsWith('container:')) return { mode: 'private' };
  const other = findContainer(context.table, mode.slice('container:'.length));
  return { mode: 'path', path: `/proc/${requireRunning(other)}/ns/${kind}` };
}

/** A start that failed leaves Docker's state: `created` with the error and the code that `run` ends with. */
function bookFailure(record: ContainerRecord, error: unknown): void {
  const exitCode = exitCodeOfFailure(error);
  const message = messageOf(error);
  dropRestart(record);
  if (record.state.status === 'exited' || record.state.status === 'dead') {
    record.state = { ...record.state, error: message, exitCode };
  } else {
    record.state = { status: 'created', error: message, exitCode };
  }
}
