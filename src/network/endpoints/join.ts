import { parseIp } from '#network/addresses/ip.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import { configureInterface, joinBridge, joinMacvlan } from '#network/kernel/interface.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import { parseMacvlanOptions } from '#network/options/macvlan-options.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-link.ts';

/** Prefix lengths of 169.254.0.0/16 and fe80::/64. */
const linkLocalPrefix = { 4: 16, 6: 64 } as const;

/** Makes the interface of an endpoint, with its addresses and without routes. */
export async function joinNetwork(
  parts: EndpointParts,
  sandbox: NamespaceSandbox,
  network: NetworkRow,
  endpoint: EndpointRow,
): Promise<void> {
  const { interfaceName, macAddress } = endpoint;
  if (isBridgeNetwork(network)) {
    const { mtu, interContainer } = parseBridgeOptions(network.options);
    const bridgeName = network.interfaceName;
    const bridge = findLink(parts.host, bridgeName) ?? ensureBridge(parts.host, parts.table, network);
    await joinBridge(sandbox, {
      hostInterface: endpoint.hostInterface,
      bridgeName,
      bridgeIndex: bridge.index,
      interfaceName,
      macAddress,
      mtu,
      isolated: !interContainer,
    });
  } else if (network.driver === 'macvlan') {
    joinMacvlan(parts.host, sandbox, parseMacvlanOptions(network.options), { interfaceName, macAddress });
  } else {
    return;
  }
  configureInterface(sandbox, interfaceName, addressesOf(network, endpoint));
}

function addressesOf(network: NetworkRow, endpoint: EndpointRow) {
  const own = ([4, 6] as const).flatMap((family) => {
    const address = endpoint.addresses[family];
    const pool = network.pools[family];
    return address && pool ? [{ ...address, prefixLength: pool.subnet.prefixLength }] : [];
  });
  const linkLocal = endpoint.linkLocal.flatMap((text) => {
    const address = parseIp(text);
    return address ? [{ ...address, prefixLength: linkLocalPrefix[address.family] }] : [];
  });
  return [...own, ...linkLocal];
}
