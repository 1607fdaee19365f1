import { movePorts, waysOf } from '#network/endpoints/follow-gateways.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';

/** Closes what a link of a running container has opened. */
export async function unlinkContainers(
  parts: EndpointParts,
  containerId: string,
  targetId: string,
): Promise<void> {
  const before = waysOf(parts, containerId);
  parts.links.remove(containerId, targetId);
  await movePorts(parts, before, waysOf(parts, containerId));
}
