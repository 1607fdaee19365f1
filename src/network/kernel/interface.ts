import { DhowError } from '#errors/error.ts';
import { bytesOfIp, type Family, type IpAddress } from '#network/addresses/ip.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { hasCode, SystemError } from '#sys/libc.ts';
import { inNetworkNamespace } from '#sys/namespaces.ts';
import { netlinkProtocols, requestInBackground } from '#sys/netlink.ts';
import { findLink, newVeth, setBridgePort, setUp } from '#sys/netlink-link.ts';
import { deleteDefaultRoute, newAddress, newDefaultRoute } from '#sys/netlink-route.ts';
import { writeSysctl } from '#sys/sysctl.ts';

/** The kernel's answer for a bridge without a free port; Node's table of errno names lacks it. */
const EXFULL = 54;

interface VethPair {
  hostInterface: string;
  bridgeName: string;
  bridgeIndex: number;
  interfaceName: string;
  macAddress: string;
  mtu: number;
  /** Keeps other isolated interfaces of the bridge away. */
  isolated: boolean;
}

/**
 * Joins a sandbox to a bridge, about 0.5 ms, most of it the kernel registering two devices; but while namespaces of other
 * containers end, the kernel holds its lock for tens of milliseconds, so this waits off the main thread. A failure leaves at most the
 * pair, which goes away with the sandbox.
 *
 * The bridge port may send frames back to where they came from: with bridge-nf-call-iptables=1 a container that
 * reaches itself through a published port is translated on the bridge already.
 *
 * @throws NetlinkError; ENODEV when the bridge is missing. ResourceExhausted when the bridge has no free port.
 */
export async function joinBridge(sandbox: NamespaceSandbox, pair: VethPair): Promise<void> {
  const { hostInterface, interfaceName, mtu, isolated } = pair;
  const peer = { name: interfaceName, macAddress: pair.macAddress, namespaceFd: sandbox.namespaceFd };
  try {
    await requestInBackground(
      netlinkProtocols.route,
      [
        newVeth({ name: hostInterface, master: pair.bridgeIndex, mtu, peer }),
        setBridgePort(hostInterface, { hairpin: true, isolated }),
      ],
      `connect ${hostInterface} to bridge ${pair.bridgeName}`,
    );
  } catch (error) {
    if (error instanceof SystemError && error.errno === EXFULL) {
      throw new DhowError(
        'ResourceExhausted',
        `bridge ${pair.bridgeName} is full: the kernel allows 1,023 interfaces on one bridge; use another network`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Gives an interface its addresses and brings it up. IPv6 is off in a sandbox until an interface needs it. */
export function configureInterface(
  sandbox: NamespaceSandbox,
  name: string,
  addresses: readonly (IpAddress & { prefixLength: number })[],
): void {
  const link = findLink(sandbox.netlink, name);
  if (link === undefined) throw new DhowError('Internal', `${name} is missing in the sandbox`);
  if (addresses.some(({ family }) => family === 6)) enableIpv6(sandbox, name);
  const interfaceIndex = link.index;
  sandbox.netlink.request(
    [
      ...addresses.map((address) =>
        newAddress({ address: bytesOfIp(address), prefixLength: address.prefixLength, interfaceIndex }),
      ),
      setUp(interfaceIndex),
    ],
    `configure ${name}`,
  );
}

/** @throws InvalidParameter for a parameter that the kernel has not, or a value that it does not take */
export function setSysctls(
  sandbox: NamespaceSandbox,
  sysctls: readonly { path: string; value: string }[],
): void {
  if (sysctls.length === 0) return;
  inNetworkNamespace(sandbox.namespaceFd, () => {
    for (const { path, value } of sysctls) {
      try {
        writeSysctl(path, value);
      } catch (error) {
        throw new DhowError('InvalidParameter', `cannot set the endpoint sysctl ${path} to "${value}"`, {
          cause: error,
        });
      }
    }
  });
}

/** Neither router advertisements nor duplicate detection: addresses and routes are ours to give. */
function enableIpv6(sandbox: NamespaceSandbox, name: string): void {
  inNetworkNamespace(sandbox.namespaceFd, () => {
    for (const [parameter, value] of [
      ['accept_ra', '0'],
      ['accept_dad', '0'],
      ['disable_ipv6', '0'],
    ]) {
      writeSysctl(`net/ipv6/conf/${name}/${parameter}`, value ?? '');
    }
  });
}

/** The route for everything that no other route is for; without a gateway everything is on the link. */
export function setDefaultRoute(
  sandbox: NamespaceSandbox,
  family: Family,
  route: { gateway: bigint | undefined; interfaceName: string },
): void {
  const link = findLink(sandbox.netlink, route.interfaceName);
  // The container may have renamed or deleted it.
  if (link === undefined) return;
  const gateway = route.gateway === undefined ? undefined : bytesOfIp({ family, value: route.gateway });
  sandbox.netlink.request([newDefaultRoute(family, gateway, link.index)], `default route of IPv${family}`);
}

export function removeDefaultRoute(sandbox: NamespaceSandbox, family: Family, interfaceName: string): void {
  const link = findLink(sandbox.netlink, interfaceName);
  if (link === undefined) return;
  try {
    sandbox.netlink.request([deleteDefaultRoute(family, link.index)], `default route of IPv${family}`);
  } catch (error) {
    // The container may have deleted it.
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
