import fs from 'node:fs';
import { bytesOfIp, parseIp } from '#network/addresses/ip.ts';
import { createNamespaceSandbox, type NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { createPeer, type Peer } from '#network/testing/peer.ts';
import { check, libc } from '#sys/libc.ts';
import { type NetlinkSocket, netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import { findLink, newBridge, newVeth, setUp } from '#sys/netlink-link.ts';
import { newAddress, newDefaultRoute } from '#sys/netlink-route.ts';
import { writeSysctl } from '#sys/sysctl.ts';

/**
 * A whole host for one test file: its process moves into a network namespace of its own, which has a neighbour on a
 * local network. Firewall rules, sysctls and routes of the machine stay untouched, and other programs on it cannot
 * disturb the test. Everything goes away with the process.
 *
 *   this process: eth0 10.99.0.1/24 ─── lan ─── neighbour 10.99.0.2/24, which routes everything through 10.99.0.1
 */
export interface PrivateHost extends AsyncDisposable {
  address: string;
  /** Programs on the host and on the neighbour. */
  local: Peer;
  neighbour: Peer;
  neighbourAddress: string;
  netlink: NetlinkSocket;
  /** Another machine on the local network. */
  addNeighbour(address: string): Promise<{ peer: Peer; path: string }>;
  /** A machine on a network of its own, at 10.98.<number>.2, reached through `eth<number>` of the given kind. */
  addFarMachine(number: number, kind: 'bridge' | 'veth'): Promise<Peer>;
}

const CLONE_NEWNET = 0x40000000;
const unshare = libc.func('int unshare(int flags)');

const hostAddress = '10.99.0.1';
const neighbourAddress = '10.99.0.2';

/** Moves the calling thread, for good. Call it once, before anything else of the test. */
export function enterPrivateHost(): PrivateHost {
  check('unshare', unshare(CLONE_NEWNET));
  const netlink = openNetlink(netlinkProtocols.route);
  netlink.request([setUp(1)], 'loopback of the private host');
  // A fresh namespace inherits the machine's setting.
  writeSysctl('net/ipv4/ip_forward', '0');
  const owned = new AsyncDisposableStack();
  // A descriptor and not /proc/self/ns/net: this thread may be inside a sandbox when another one looks there.
  const home = fs.openSync('/proc/thread-self/ns/net', 'r');
  owned.defer(() => fs.closeSync(home));

  function addPeer(interfaceName: string, address: string, router: string): { peer: Peer; path: string } {
    const sandbox = owned.use(connectMachine(netlink, interfaceName, address, router));
    return { peer: owned.use(createPeer(sandbox.path)), path: sandbox.path };
  }

  addNetwork(netlink, 'eth0', hostAddress);
  return {
    address: hostAddress,
    local: owned.use(createPeer(`/proc/self/fd/${home}`)),
    neighbour: addPeer('eth0', neighbourAddress, hostAddress).peer,
    neighbourAddress,
    netlink,
    async addNeighbour(address) {
      return addPeer('eth0', address, hostAddress);
    },
    async addFarMachine(number, kind) {
      const [here, there] = [`10.98.${number}.1`, `10.98.${number}.2`];
      if (kind === 'bridge') {
        addNetwork(netlink, `eth${number}`, here);
        return addPeer(`eth${number}`, there, here).peer;
      }
      const sandbox = owned.use(createNamespaceSandbox());
      const peer = { name: 'eth0', macAddress: '02:00:00:00:02:02', namespaceFd: sandbox.namespaceFd };
      netlink.request([newVeth({ name: `eth${number}`, mtu: 1500, peer })], there);
      const interfaceIndex = findLink(netlink, `eth${number}`)?.index ?? 0;
      netlink.request([newAddress({ address: parse(here), prefixLength: 24, interfaceIndex })], here);
      configureMachine(sandbox, there, here);
      return owned.use(createPeer(sandbox.path));
    },
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      netlink.close();
    },
  };
}

/** A network is a bridge that carries the name of a network card. */
function addNetwork(netlink: NetlinkSocket, interfaceName: string, address: string): void {
  const macAddress = interfaceName === 'eth0' ? '02:00:00:00:00:01' : '02:00:00:00:01:01';
  netlink.request([newBridge({ name: interfaceName, macAddress, mtu: 1500, group: 0 })], interfaceName);
  const interfaceIndex = findLink(netlink, interfaceName)?.index ?? 0;
  netlink.request([newAddress({ address: parse(address), prefixLength: 24, interfaceIndex })], interfaceName);
}

function connectMachine(
  netlink: NetlinkSocket,
  interfaceName: string,
  address: string,
  router: string,
): NamespaceSandbox {
  const sandbox = createNamespaceSandbox();
  const master = findLink(netlink, interfaceName)?.index ?? 0;
  const lastBytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  const peer = {
    name: 'eth0',
    macAddress: `02:01:${lastBytes.join(':')}`,
    namespaceFd: sandbox.namespaceFd,
  };
  netlink.request([newVeth({ name: `lan${lastBytes.join('')}`, master, mtu: 1500, peer })], address);
  configureMachine(sandbox, address, router);
  return sandbox;
}

function configureMachine(sandbox: NamespaceSandbox, address: string, router: string): void {
  const interfaceIndex = findLink(sandbox.netlink, 'eth0')?.index ?? 0;
  sandbox.netlink.request(
    [
      newAddress({ address: parse(address), prefixLength: 24, interfaceIndex }),
      setUp(interfaceIndex),
      newDefaultRoute(4, parse(router), interfaceIndex),
    ],
    address,
  );
}

function parse(text: string): Uint8Array {
  const address = parseIp(text);
  if (!address) throw new Error(`no address: ${text}`);
  return bytesOfIp(address);
}
