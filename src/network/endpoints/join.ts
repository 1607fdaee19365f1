import { setTimeout as delay } from 'node:timers/promises';
import { DhowError } from '#errors/error.ts';
import { parseIp } from '#network/addresses/ip.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import { configureInterface, joinBridge, setSysctls } from '#network/kernel/interface.ts';
import { ensureParent, joinParent } from '#network/kernel/parent.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import { parseEndpointSysctls } from '#network/options/endpoint-sysctls.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { isBridgeNetwork, isSharingNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { hasCode } from '#sys/libc.ts';
import { findLink } from '#sys/netlink-link.ts';

/** How long a former interface may take to go, and how often to look. */
const patienceMs = 5000;
const retryMs = 10;

/** Prefix lengths of 169.254.0.0/16 and fe80::/64. */
const linkLocalPrefix = { 4: 16, 6: 64 } as const;

/**
 * Makes the interface of an endpoint, with its addresses and without routes.
 * @param sysctls see `EndpointRequest.sysctls`
 */
export async function joinNetwork(
  parts: EndpointParts,
  sandbox: NamespaceSandbox,
  network: NetworkRow,
  endpoint: EndpointRow,
  sysctls: Readonly<Record<string, string>> = {},
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
  } else if (isSharingNetwork(network)) {
    const parent = ensureParent(parts.host, parts.table, network);
    joinParent(parts.host, sandbox, network, { parent, endpointId: endpoint.id, interfaceName, macAddress });
  } else {
    return;
  }
  await configureWhenFree(sandbox, network, interfaceName, addressesOf(network, endpoint));
  setSysctls(sandbox, parseEndpointSysctls(sysctls, interfaceName));
}

/**
 * On a shared parent a container that starts again, with the address that it had, meets its former interface: the kernel deletes that
 * with its namespace, a moment after the last process.
 */
async function configureWhenFree(
  sandbox: NamespaceSandbox,
  network: NetworkRow,
  interfaceName: string,
  addresses: Parameters<typeof configureInterface>[2],
): Promise<void> {
  for (const deadline = performance.now() + patienceMs; ; await delay(retryMs)) {
    try {
      configureInterface(sandbox, interfaceName, addresses);
      return;
    } catch (error) {
      if (!isSharingNetwork(network) || !hasCode(error, 'EADDRINUSE')) throw error;
      if (performance.now() < deadline) continue;
      throw new DhowError(
        'Conflict',
        `an address of the container is in use on ${network.interfaceName}: another interface there has it`,
        { cause: error },
      );
    }
  }
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
