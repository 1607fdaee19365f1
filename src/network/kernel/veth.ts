import { DhowError } from '#errors/error.ts';
import { defaultMtu } from '#network/kernel/bridge.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { SystemError } from '#sys/libc.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { findLink, newAddress, newDefaultRoute, newVeth, setHairpin, setUp } from '#sys/netlink-route.ts';

/** The kernel's answer for a bridge without a free port; Node's table of errno names lacks it. */
const EXFULL = 54;

export interface VethPair {
  hostInterface: string;
  bridgeName: string;
  bridgeIndex: number;
  interfaceName: string;
  macAddress: string;
  address: number;
  prefixLength: number;
  gateway: number;
}

/**
 * Joins a sandbox to a bridge: three system calls' worth of netlink, about 0.7 ms, most of it the kernel registering
 * two devices. A failure leaves at most the pair, which goes away with the sandbox.
 *
 * The bridge port may send frames back to where they came from: with bridge-nf-call-iptables=1 a container that
 * reaches itself through a published port is translated on the bridge already.
 *
 * @throws NetlinkError; ENODEV when the bridge is missing. ResourceExhausted when the bridge has no free port.
 */
export function joinBridge(host: NetlinkSocket, sandbox: NamespaceSandbox, pair: VethPair): void {
  const { hostInterface, interfaceName } = pair;
  const peer = { name: interfaceName, macAddress: pair.macAddress, namespaceFd: sandbox.namespaceFd };
  try {
    host.request(
      [
        newVeth({ name: hostInterface, master: pair.bridgeIndex, mtu: defaultMtu, peer }),
        setHairpin(hostInterface),
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
  const inside = findLink(sandbox.netlink, interfaceName);
  if (inside === undefined) throw new DhowError('Internal', `${interfaceName} is missing in the sandbox`);
  const { address, prefixLength } = pair;
  sandbox.netlink.request(
    [
      newAddress({ address, prefixLength, interfaceIndex: inside.index }),
      setUp(inside.index),
      newDefaultRoute(pair.gateway, inside.index),
    ],
    `configure ${interfaceName}`,
  );
}
