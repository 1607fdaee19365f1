import { messageOf } from '#errors/error.ts';
import { deleteInterface } from '#network/endpoints/detach.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { portsOfBridge } from '#network/kernel/bridge.ts';
import { isBridgeNetwork } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-route.ts';

/** Deletes interfaces on our bridges that no endpoint owns: left by a crash, or by a namespace that somebody holds. */
export async function sweepInterfaces(parts: EndpointParts): Promise<void> {
  const owned = new Set(parts.endpoints.list().map((row) => row.hostInterface));
  const strays = parts.networks
    .list()
    .filter(isBridgeNetwork)
    .flatMap((network) => {
      const bridge = findLink(parts.host, network.bridge);
      return bridge ? portsOfBridge(parts.host, bridge) : [];
    })
    .filter(
      (link) => link.kind === 'veth' && link.name.startsWith(parts.vethPrefix) && !owned.has(link.name),
    );
  // One after the other: they would wait for the same lock of the kernel.
  for (const { name } of strays) {
    try {
      await deleteInterface(name);
    } catch (error) {
      parts.log.warn('cannot delete an interface without an owner', {
        interface: name,
        error: messageOf(error),
      });
    }
  }
}
