import type { EndpointParts } from '#network/endpoints/parts.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { hasCode } from '#sys/libc.ts';
import { netlinkProtocols, requestInBackground } from '#sys/netlink.ts';
import { deleteLink } from '#sys/netlink-route.ts';

/**
 * Takes an endpoint back: port elements, rows, held ports.
 *
 * The interface is left to the kernel, which deletes it with the container's namespace in the background. Deleting it
 * here would wait for grace periods of the kernel, measured 30 ms for each, on the way of every `run --rm`.
 * `delete-interface` does wait, off the main thread, for callers whose sandbox lives on.
 */
export async function detachEndpoint(
  parts: EndpointParts,
  row: EndpointRow,
  interfaceFate: 'delete-interface' | 'leave-interface',
): Promise<void> {
  const { address } = row;
  const ports = address === undefined ? [] : parts.endpoints.ports(row.id);
  const targets = ports.map((port) => ({ ...port, address: address ?? 0 }));
  const intact = parts.database.transaction(() => {
    parts.endpoints.remove(row.id);
    // Inside the transaction: when the kernel refuses, the rows stay for the next attempt.
    return parts.firewall.change('delete', targets);
  });
  parts.holds.release(row.id);
  if (!intact) await parts.firewall.rebuild(targets);
  if (interfaceFate === 'delete-interface' && row.hostInterface !== '')
    await deleteInterface(row.hostInterface);
}

/** Deletes a host-side interface off the main thread; one that is gone is fine. */
export async function deleteInterface(name: string): Promise<void> {
  try {
    await requestInBackground(netlinkProtocols.route, [deleteLink(name)], `delete interface ${name}`);
  } catch (error) {
    if (!hasCode(error, 'ENODEV')) throw error;
  }
}
