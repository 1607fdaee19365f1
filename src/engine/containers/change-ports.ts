import type { HostSettings } from '#engine/container-settings.ts';
import { isLive } from '#engine/containers/lookup.ts';
import { portsOf } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { PortPattern } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { PublishedPort, PublishedPortRequest } from '#network/network.ts';

export interface PortsChange {
  add: readonly PublishedPortRequest[];
  remove: readonly PortPattern[];
}

/**
 * Publishes and unpublishes ports, at once when the container runs, and for its next starts. The caller holds the lock and
 * saves the settings.
 * @returns the settings that are different from now on
 * @throws NotFound for a port that is not published; InvalidParameter where nothing can be; as `start` for a taken port
 */
export async function changePorts(
  context: ContainerContext,
  record: ContainerRecord,
  change: PortsChange,
): Promise<Pick<HostSettings, 'ports' | 'publishAllPorts'>> {
  const { networkMode } = record.settings.host;
  if (networkMode === 'host' || networkMode.startsWith('container:')) {
    throw new DhowError('InvalidParameter', `network mode ${networkMode} has no ports of its own to publish`);
  }
  // What `-P` has published is named from now on: it could not be taken away otherwise.
  let ports = portsOf(record);
  const published = isLive(record) ? context.networks.portsOf(record.id) : [];
  const gone: PublishedPort[] = [];
  for (const pattern of change.remove) {
    const actual = published.filter((port) => fitsPublished(port, pattern));
    const asked = ports.filter((port) => fitsRequest(port, pattern, actual.length > 0));
    if (asked.length === 0 || (isLive(record) && published.length > 0 && actual.length === 0)) {
      throw new DhowError('NotFound', `container "${record.name}" does not publish ${describe(pattern)}`);
    }
    // One host port is one request; without one, all of the container's port are meant.
    const taken = new Set(pattern.hostPort === 0 ? asked : asked.slice(0, 1));
    ports = ports.filter((port) => !taken.has(port));
    gone.push(...actual);
  }
  if (isLive(record)) await context.networks.changePorts(record.id, { add: change.add, remove: gone });
  return { ports: [...ports, ...change.add], publishAllPorts: false };
}

function fitsPublished(port: PublishedPort, pattern: PortPattern): boolean {
  return (
    port.containerPort === pattern.containerPort &&
    port.protocol === pattern.protocol &&
    (pattern.hostPort === 0 || port.hostPort === pattern.hostPort) &&
    (pattern.hostAddress === '' || port.hostAddress === pattern.hostAddress)
  );
}

/** @param chosen whether the host port of the pattern is one that was chosen for the container */
function fitsRequest(port: PublishedPortRequest, pattern: PortPattern, chosen: boolean): boolean {
  const within = pattern.hostPort >= port.hostPort && pattern.hostPort <= port.hostPortEnd;
  return (
    port.containerPort === pattern.containerPort &&
    port.protocol === pattern.protocol &&
    (pattern.hostPort === 0 || within || (chosen && port.hostPort === 0)) &&
    (pattern.hostAddress === '' || port.hostAddress === pattern.hostAddress)
  );
}

function describe({ hostAddress, hostPort, containerPort, protocol }: PortPattern): string {
  const host = hostPort === 0 ? '' : ` on ${hostAddress === '' ? '' : `${hostAddress} `}${hostPort}`;
  return `${containerPort}/${protocol}${host}`;
}
