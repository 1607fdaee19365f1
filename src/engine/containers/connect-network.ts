import type { ContainerSettings } from '#engine/container-settings.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import { announceEndpoint, identityOf, portsOf, refuseNetworks } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { updateHostFiles } from '#engine/containers/write-host-files.ts';
import { DhowError } from '#errors/error.ts';
import type { EndpointRequest, Sandbox } from '#network/network.ts';

/** One network more: at once when the container runs, and at each of its starts. */
export async function connectToNetwork(
  context: ContainerContext,
  nameOrId: string,
  request: EndpointRequest,
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  const { networks } = record.settings;
  if (record.settings.host.networkMode.startsWith('container:')) {
    throw new DhowError(
      'Conflict',
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  }
  if (networks.some((each) => each.network === request.network)) {
    throw new DhowError(
      'Forbidden',
      `endpoint with name ${record.name} already exists in network ${request.network}`,
    );
  }
  const all = [...networks, request];
  refuseNetworks(context, all);
  if (isLive(record)) {
    await using sandbox = openSandbox(context, record);
    const before = context.networks.endpointsOf(record.id);
    const endpoint = await context.networks.connect({
      container: identityOf(record),
      sandbox,
      endpoint: request,
      ports: portsOf(record),
    });
    announceEndpoint(context, 'connect', endpoint);
    updateHostFiles(context, record, pathsOf(context.containersDirectory, record.id), before);
  }
  await saveNetworks(context, record, all);
}

export async function disconnectFromNetwork(
  context: ContainerContext,
  nameOrId: string,
  networkId: string,
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  const { id, name, driver } = context.networks.get(networkId);
  if (driver === 'host') {
    throw new DhowError(
      'Forbidden',
      'container cannot be disconnected from host network or connected to host network',
    );
  }
  const { networks } = record.settings;
  const rest = networks.filter((each) => each.network !== name);
  if (rest.length === networks.length) {
    throw new DhowError('NotFound', `container ${record.id} is not connected to network ${name}`);
  }
  // Settings first: what a daemon that dies meanwhile leaves is an endpoint that they do not name, and the next one drops it.
  await saveNetworks(context, record, rest);
  try {
    if (isLive(record)) await dropEndpoint(context, record, id);
  } catch (error) {
    await saveNetworks(context, record, networks);
    throw error;
  }
}

/** Ends connections of a running container that were being made or ended when the last daemon died. */
export async function dropUnnamedEndpoints(
  context: ContainerContext,
  record: ContainerRecord,
): Promise<void> {
  const named = new Set(record.settings.networks.map(({ network }) => network));
  for (const { networkId, networkName } of context.networks.endpointsOf(record.id)) {
    if (!named.has(networkName)) await dropEndpoint(context, record, networkId);
  }
}

async function dropEndpoint(
  context: ContainerContext,
  record: ContainerRecord,
  networkId: string,
): Promise<void> {
  const before = context.networks.endpointsOf(record.id);
  const endpoint = before.find((each) => each.networkId === networkId);
  if (endpoint === undefined) return;
  await using sandbox = openSandbox(context, record);
  await context.networks.disconnect(record.id, networkId, sandbox);
  announceEndpoint(context, 'disconnect', endpoint);
  updateHostFiles(context, record, pathsOf(context.containersDirectory, record.id), before);
}

function openSandbox(context: ContainerContext, record: ContainerRecord): Sandbox {
  const pid = 'pid' in record.state ? record.state.pid : 0;
  return context.networks.openSandbox(`/proc/${pid}/ns/net`);
}

async function saveNetworks(
  context: ContainerContext,
  record: ContainerRecord,
  networks: ContainerSettings['networks'],
): Promise<void> {
  record.settings = { ...record.settings, networks };
  context.table.saveDefinition(record);
  await context.database.durable();
}
