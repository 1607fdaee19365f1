import { movePorts, waysOf } from '#network/endpoints/follow-gateways.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { publishingWays } from '#network/endpoints/publish.ts';
import type { PortChange, PublishedPort } from '#network/network.ts';
import { describeTaken, PortTaken } from '#network/ports/port-taken.ts';

/**
 * Publishes and unpublishes ports of a running container: all or nothing.
 * @throws NotFound for a port that is not published; as `ContainerNetworking.attach` for one that cannot be
 */
export async function changePorts(
  parts: EndpointParts,
  containerId: string,
  { add, remove }: PortChange,
): Promise<void> {
  const before = waysOf(parts, containerId);
  const ways = publishingWays(parts, containerId);
  let added: PublishedPort[] = [];
  try {
    parts.database.transaction(() => {
      for (const port of remove) parts.ports.remove(port);
      // Given back first: a port may go from one port of the container to another.
      parts.holds.release(containerId, remove);
      added = ways ? parts.holds.reserve(containerId, add, ways) : [];
    });
    await movePorts(parts, before, waysOf(parts, containerId));
  } catch (error) {
    await takeBack(parts, containerId, { added, removed: remove });
    if (!(error instanceof PortTaken)) throw error;
    const name = parts.endpoints.container(containerId)?.name ?? containerId;
    throw await describeTaken(error, { name, endpointId: ways?.endpointId ?? '' });
  }
}

/** Rows, holds and rules as they were. */
async function takeBack(
  parts: EndpointParts,
  containerId: string,
  { added, removed }: { added: readonly PublishedPort[]; removed: readonly PublishedPort[] },
): Promise<void> {
  const present = new Set(parts.ports.ofContainer(containerId).map(keyOf));
  parts.database.transaction(() => {
    for (const port of added) if (present.has(keyOf(port))) parts.ports.remove(port);
    for (const port of removed) if (!present.has(keyOf(port))) parts.ports.insert(containerId, port);
  });
  parts.holds.resume(containerId, parts.ports.ofContainer(containerId));
  await parts.firewall.rebuild();
}

function keyOf({ protocol, hostAddress, hostPort }: PublishedPort): string {
  return `${protocol} ${hostAddress} ${hostPort}`;
}
