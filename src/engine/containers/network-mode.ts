import os from 'node:os';
import { findContainer, isLive, requireRunning } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';
import type { ContainerIdentity, Endpoint, EndpointRequest, PublishedPortRequest } from '#network/network.ts';

/** `default` is Docker's word for the default bridge. */
export function networkNameOf(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}

/** Whose network a container with this mode shares; undefined for one of its own. @throws NotFound */
export function networkOwner(
  { table }: Pick<ContainerContext, 'table'>,
  mode: string,
): ContainerRecord | undefined {
  return mode.startsWith('container:') ? findContainer(table, mode.slice('container:'.length)) : undefined;
}

/** The process whose network others can share. @throws Conflict (reason `not-running`) in Docker's words */
export function requireJoinable(owner: ContainerRecord): number {
  const { name, state } = owner;
  if (isLive(owner) || state.status === 'restarting') return requireRunning(owner);
  throw new DhowError(
    'Conflict',
    `cannot join network namespace of a non running container: container ${name} is ${state.status}`,
    { reason: 'not-running' },
  );
}

/** With the host's network or UTS namespace a container has the host's name, unless it was given one. */
export function hostnameOf(record: ContainerRecord): string {
  const { hostname, host } = record.settings;
  if (hostname) return hostname;
  return host.utsMode === 'host' || networkNameOf(host.networkMode) === 'host'
    ? os.hostname()
    : record.id.slice(0, 12);
}

/**
 * What of a set of networks no start could satisfy.
 * @throws NotFound; InvalidParameter in Docker's words
 */
export function refuseNetworks(
  context: Pick<ContainerContext, 'networks'>,
  requests: readonly EndpointRequest[],
): void {
  const drivers = requests.map(({ network }) => context.networks.get(network).driver);
  if (drivers.length < 2) return;
  if (drivers.includes('host')) {
    throw new DhowError(
      'InvalidParameter',
      'container cannot be disconnected from host network or connected to host network',
    );
  }
  if (drivers.includes('none')) {
    throw new DhowError(
      'InvalidParameter',
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    );
  }
}

export function identityOf(record: ContainerRecord): ContainerIdentity {
  const { hostname, host } = record.settings;
  return { id: record.id, name: record.name, hostname, nameServers: host.dns };
}

export function announceEndpoint(
  context: Pick<ContainerContext, 'events'>,
  action: 'connect' | 'disconnect',
  endpoint: Endpoint,
): void {
  context.events.emit({
    type: 'network',
    action,
    id: endpoint.networkId,
    attributes: { container: endpoint.containerId, name: endpoint.networkName, type: endpoint.driver },
  });
}

/** The ports asked for, and with `-P` every exposed one that was not. */
export function portsOf(record: ContainerRecord): PublishedPortRequest[] {
  const { ports, publishAllPorts } = record.settings.host;
  if (!publishAllPorts) return ports;
  const named = new Set(ports.map((port) => `${port.containerPort}/${port.protocol}`));
  const exposed = exposedPortsOf(record).filter(
    (port) => !named.has(`${port.containerPort}/${port.protocol}`),
  );
  return [...ports, ...exposed.map((port) => ({ ...port, hostAddress: '', hostPort: 0, hostPortEnd: 0 }))];
}

type ExposedPort = Pick<PublishedPortRequest, 'containerPort' | 'protocol'>;

export function exposedPortsOf(record: ContainerRecord): ExposedPort[] {
  return record.effective.exposedPorts.flatMap(expandExposed);
}

/** `8000-8010/tcp` is a range of single ports. */
function expandExposed(text: string): ExposedPort[] {
  const match = /^(\d+)(?:-(\d+))?\/(tcp|udp|sctp)$/.exec(text);
  if (!match) throw new DhowError('InvalidParameter', `invalid exposed port "${text.slice(0, 60)}"`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  const protocol = match[3] as PublishedPortRequest['protocol'];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
    containerPort: first + index,
    protocol,
  }));
}
