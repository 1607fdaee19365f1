import { DhowError } from '#errors/error.ts';
import { ownAlias } from '#network/kernel/own-alias.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { parseIpvlanOptions } from '#network/options/ipvlan-options.ts';
import { parseMacvlanOptions } from '#network/options/macvlan-options.ts';
import type { SharingNetwork } from '#network/tables/networks.ts';
import { hasCode } from '#sys/libc.ts';
import type { NetlinkSocket } from '#sys/netlink.ts';
import { findLink, type Link, maximumInterfaceNameLength, setAlias, setName } from '#sys/netlink-link.ts';
import type { NetlinkRequest } from '#sys/netlink-message.ts';
import { newDummy, newIpvlan, newMacvlan, newVlan } from '#sys/netlink-shared-links.ts';

/** IEEE 802.1Q has twelve bits, and sets aside the first and the last number. */
const maximumVlanId = 4094;

/**
 * The name of the interface that containers of a network share: the one asked for, else a link that leads nowhere, of Docker's
 * name for it.
 */
export function parentNameOf(network: Pick<SharingNetwork, 'driver' | 'id' | 'options'>): string {
  const { parent } = network.options;
  return parent || `${network.driver === 'macvlan' ? 'dm' : 'di'}-${network.id.slice(0, 12)}`;
}

/**
 * Finds that interface or makes it: `eth0.50` is VLAN 50 of eth0. What is made carries our alias, and goes with the network.
 * @throws InvalidParameter when the host has it not and it cannot be made
 */
export function ensureParent(host: NetlinkSocket, table: string, network: SharingNetwork): Link {
  const name = network.interfaceName;
  const present = findLink(host, name);
  if (present !== undefined) return present;
  const request = network.options['parent'] ? vlanOf(host, name) : newDummy({ name, up: true });
  send(host, request, `create interface ${name}`, 'the kernel has not what it takes');
  const made = findLink(host, name);
  if (made === undefined) throw new DhowError('Internal', `interface ${name} vanished while it was created`);
  host.request([setAlias(made.index, ownAlias(table))], `name interface ${name}`);
  return made;
}

function vlanOf(host: NetlinkSocket, name: string): NetlinkRequest {
  const [, base = '', id = ''] = /^(.+)\.(\d{1,4})$/.exec(name) ?? [];
  const parent = base === '' ? undefined : findLink(host, base);
  if (parent === undefined) {
    throw new DhowError('InvalidParameter', `the host has no interface ${name.slice(0, 60)} to share`);
  }
  if (Number(id) < 1 || Number(id) > maximumVlanId) {
    throw new DhowError(
      'InvalidParameter',
      `invalid parent ${name}: a VLAN has a number from 1 to ${maximumVlanId}`,
    );
  }
  return newVlan({ name, parent: parent.index, id: Number(id), up: true });
}

/**
 * Gives a sandbox an interface of its own on the network of an interface of the host. It is born with another name: kernels before 6.13
 * refuse one that an interface of the host has.
 * @throws Conflict when it is in use in a way that excludes sharing; Unsupported when the kernel has no such driver
 */
export function joinParent(
  host: NetlinkSocket,
  sandbox: NamespaceSandbox,
  network: SharingNetwork,
  own: { parent: Link; endpointId: string; interfaceName: string; macAddress: string },
): void {
  const { driver, options } = network;
  const { parent, macAddress, interfaceName } = own;
  const name = `dhow${own.endpointId}`.slice(0, maximumInterfaceNameLength);
  const link = { name, parent: parent.index, namespaceFd: sandbox.namespaceFd };
  const request =
    driver === 'macvlan'
      ? newMacvlan({ ...link, ...parseMacvlanOptions(options), macAddress })
      : newIpvlan({ ...link, ...parseIpvlanOptions(options) });
  send(
    host,
    request,
    `share ${parent.name}`,
    `it is a bridge port, or shared in another way, so that ${driver} cannot share it`,
  );
  const born = findLink(sandbox.netlink, name);
  if (born === undefined) throw new DhowError('Internal', `${interfaceName} is missing in the sandbox`);
  sandbox.netlink.request([setName(born.index, interfaceName)], `name interface ${interfaceName}`);
}

function send(host: NetlinkSocket, request: NetlinkRequest, subject: string, reason: string): void {
  try {
    host.request([request], subject);
  } catch (error) {
    if (hasCode(error, 'EOPNOTSUPP')) {
      throw new DhowError('Unsupported', `cannot ${subject}: this kernel has no driver for it`, {
        cause: error,
      });
    }
    if (!hasCode(error, 'EBUSY', 'EINVAL')) throw error;
    throw new DhowError('Conflict', `cannot ${subject}: ${reason}`, { cause: error });
  }
}
