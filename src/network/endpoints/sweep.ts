import { messageOf } from '#errors/error.ts';
import { deleteInterface } from '#network/endpoints/detach.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { ownAlias } from '#network/kernel/own-alias.ts';
import { isBridgeNetwork } from '#network/tables/networks.ts';
import { listLinks } from '#sys/netlink-link.ts';

/** Deletes interfaces on our bridges that no endpoint owns: left by a crash, or by a namespace that somebody holds. */
export async function sweepInterfaces(parts: EndpointParts): Promise<void> {
  const owned = new Set(parts.endpoints.list().map((row) => row.hostInterface));
  const links = listLinks(parts.host);
  const bridges = new Set(
    parts.networks
      .list()
      .filter(isBridgeNetwork)
      .flatMap((network) => links.find((link) => link.name === network.interfaceName)?.index ?? []),
  );
  await deleteAll(
    parts,
    links
      .filter((link) => link.kind === 'veth' && link.master !== undefined && bridges.has(link.master))
      .map((link) => link.name)
      .filter((name) => name.startsWith(parts.vethPrefix) && !owned.has(name)),
  );
}

/** Deletes bridges and parents that we made and no network has any more: left by a crash in the middle of a removal. */
export async function sweepNetworkLinks(parts: EndpointParts): Promise<void> {
  const owned = new Set(parts.networks.list().map((network) => network.interfaceName));
  const strays = listLinks(parts.host).filter(
    (link) => link.alias === ownAlias(parts.table) && !owned.has(link.name),
  );
  await deleteAll(
    parts,
    strays.map((link) => link.name),
  );
}

/** One after the other: they would wait for the same lock of the kernel. */
async function deleteAll(parts: EndpointParts, names: readonly string[]): Promise<void> {
  for (const name of names) {
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
