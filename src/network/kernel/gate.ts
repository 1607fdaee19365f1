import type { NetlinkSocket } from '#sys/netlink.ts';
import { deleteLink, findLink, maximumInterfaceNameLength, newLoop, setUp } from '#sys/netlink-link.ts';
import { listAddresses, newAddress } from '#sys/netlink-route.ts';
import { ensureSysctl, readSysctl } from '#sys/sysctl.ts';

/** The pair of interfaces by which a packet that the host's firewall has let through comes in once more. */
export interface Gate {
  near: string;
  far: string;
}

/** The dummy address of RFC 7600: without any address the kernel's check of source addresses refuses all packets. */
const farAddress = Buffer.of(192, 0, 0, 8);
const macAddress = '02:64:68:6f:77:01';
/** A packet that is put together from fragments must pass too. */
const mtu = 65_535;

/** @param bridge the default network's, which no other daemon has */
export function gateOf(bridge: string): Gate {
  const begin = bridge.slice(0, maximumInterfaceNameLength - 2);
  return { near: `${begin}g0`, far: `${begin}g1` };
}

export function ensureGate(host: NetlinkSocket, { near, far }: Gate): void {
  if (findLink(host, near) === undefined) {
    host.request([newLoop({ near, far, macAddress, mtu })], `create interfaces ${near} and ${far}`);
  }
  const [nearIndex, farIndex] = [near, far].map((name) => findLink(host, name)?.index ?? 0);
  // 2: there must be a route back to the client, but it may lead through another interface.
  ensureSysctl(`net/ipv4/conf/${far}/rp_filter`, '2');
  for (const name of [near, far]) {
    if (readSysctl(`net/ipv6/conf/${name}/disable_ipv6`) === undefined) continue;
    ensureSysctl(`net/ipv6/conf/${name}/accept_ra`, '0');
    ensureSysctl(`net/ipv6/conf/${name}/disable_ipv6`, '0');
  }
  const address = { address: farAddress, prefixLength: 32, interfaceIndex: farIndex ?? 0 };
  const present = listAddresses(host).some((each) => Buffer.compare(each.address, farAddress) === 0);
  host.request(
    [setUp(nearIndex ?? 0), setUp(farIndex ?? 0), ...(present ? [] : [newAddress(address)])],
    `configure interfaces ${near} and ${far}`,
  );
}

export function removeGate(host: NetlinkSocket, { near }: Gate): void {
  if (findLink(host, near) !== undefined) host.request([deleteLink(near)], `delete interface ${near}`);
}
