import type { EndpointParts } from '#network/endpoints/parts.ts';
import { portTargetsOf } from '#network/tables/port-targets.ts';
import { hasCode } from '#sys/libc.ts';
import { netlinkProtocols, requestInBackground } from '#sys/netlink.ts';
import { deleteLink } from '#sys/netlink-link.ts';

/**
 * Takes everything of a container back: port elements, rows, held ports.
 *
 * Interfaces are left to the kernel, which deletes them with the container's namespace in the background. Deleting them
 * here would wait for grace periods of the kernel, measured 30 ms for each, on the way of every `run --rm`.
 * `delete-interfaces` does wait, off the main thread, for callers whose sandbox lives on.
 * @returns whether the host has interfaces of the container
 */
export async function detachContainer(
  parts: EndpointParts,
  containerId: string,
  interfaceFate: 'delete-interfaces' | 'leave-interfaces',
): Promise<boolean> {
  const interfaces = parts.endpoints
    .ofContainer(containerId)
    .map((row) => row.hostInterface)
    .filter((name) => name !== '');
  const targets = portTargetsOf(parts, containerId);
  const links = parts.links.ofContainer(containerId);
  const intact = parts.database.transaction(() => {
    parts.endpoints.removeContainer(containerId);
    // Inside the transaction: when the kernel refuses, the rows stay for the next attempt.
    return parts.firewall.changePorts('delete', targets) && parts.firewall.changeLinks('delete', links);
  });
  parts.holds.release(containerId);
  // Its sockets hold the namespace.
  parts.resolvers.stop(containerId);
  if (intact) await parts.firewall.forgetStrays(targets, []);
  else await parts.firewall.rebuild(targets);
  if (interfaceFate === 'delete-interfaces') for (const name of interfaces) await deleteInterface(name);
  return interfaces.length > 0;
}

/** Deletes an interface of the host off the main thread; one that is gone is fine. */
export async function deleteInterface(name: string): Promise<void> {
  try {
    await requestInBackground(netlinkProtocols.route, [deleteLink(name)], `delete interface ${name}`);
  } catch (error) {
    if (!hasCode(error, 'ENODEV')) throw error;
  }
}
