import { Buffer } from 'node:buffer';
import {
  bytesOfIp,
  formatIp,
  formatSubnet,
  type IpAddress,
  lastAddress,
  parseIp,
  type Subnet,
} from '#network/addresses/ip.ts';
import type { PublishedPort } from '#network/network.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import type { OpenPort } from '#network/tables/links.ts';
import type { BridgeNetwork } from '#network/tables/networks.ts';
import type { PortTarget } from '#network/tables/port-targets.ts';
import type { SetElement } from '#sys/netlink-netfilter.ts';

/**
 * The elements of our sets and maps, each with its two spellings: the text of a script, which builds the whole table,
 * and the kernel's bytes, by which single elements come and go.
 */
export interface Element {
  set: SetName | GateSetName;
  key: Field[];
  value?: Field[];
}

/** One field of a concatenation. */
interface Field {
  text: string;
  /** Padded to four bytes, network order. */
  bytes: Buffer;
  /** The end of an interval that begins with `bytes`. */
  end?: Buffer;
}

/** Sets and maps of the table, with the types of their fields as nft writes them. */
export const sets = {
  /** Every bridge of ours. */
  bridges: 'set { typeof iifname; }',
  /** Bridges whose containers may talk to each other, twice. */
  siblings: 'set { typeof iifname . oifname; }',
  /** Bridges whose packets leave the host with its address. */
  masqueraded: 'set { typeof iifname; }',
  /** Of these, those that have another address of the host than the interface's. */
  sources: 'map { typeof iifname : ip saddr; }',
  sources6: 'map { typeof iifname : ip6 saddr; }',
  /** Bridges that nothing leaves and nothing enters. */
  confined: 'set { typeof iifname; }',
  /** A bridge and its subnet. */
  insiders: 'set { typeof oifname . ip saddr; flags interval; }',
  insiders6: 'set { typeof oifname . ip6 saddr; flags interval; }',
  /** Ports of containers that others are linked to: bridge, from, to, protocol, port. Others cannot say that they are `from`. */
  links: 'set { typeof iifname . ip saddr . ip daddr . meta l4proto . th dport; }',
  /** Ports published on one address of the host, and those published on all. */
  published: 'map { typeof ip daddr . meta l4proto . th dport : ip daddr . th dport; }',
  published_anywhere: 'map { typeof meta l4proto . th dport : ip daddr . th dport; }',
  published6: 'map { typeof ip6 daddr . meta l4proto . th dport : ip6 daddr . th dport; }',
  published6_anywhere: 'map { typeof meta l4proto . th dport : ip6 daddr . th dport; }',
  /** Ports that the daemon relays, because the container has no IPv6. */
  relayed6: 'set { typeof ip6 daddr . meta l4proto . th dport; }',
  relayed6_anywhere: 'set { typeof meta l4proto . th dport; }',
} as const;

export type SetName = keyof typeof sets;

/**
 * Sets of the two tables of the gate, see `ruleset.ts`: the published ports once more, without where they lead, because a
 * rule sees only the sets of its own table.
 */
export const gateSets = {
  open: { family: 'ip', definition: 'set { typeof ip daddr . meta l4proto . th dport; }' },
  open_anywhere: { family: 'ip', definition: 'set { typeof meta l4proto . th dport; }' },
  open6: { family: 'ip6', definition: 'set { typeof ip6 daddr . meta l4proto . th dport; }' },
  open6_anywhere: { family: 'ip6', definition: 'set { typeof meta l4proto . th dport; }' },
} as const;

export type GateSetName = keyof typeof gateSets;

/** Name of the gate's tables. */
export function gateTable(table: string): string {
  return `${table}_gate`;
}

/** Numbers of IP protocols, RFC 790 and successors. */
const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } satisfies Record<PublishedPort['protocol'], number>;

/**
 * A published port. One of IPv6 that leads to nothing of IPv6 is relayed.
 * @param gate whether it passes the gate
 */
export function elementsOfPort(target: PortTarget, gate: boolean): Element[] {
  const hostAddress = parseIp(target.hostAddress);
  if (hostAddress === undefined) return [];
  const address = target.addresses[hostAddress.family];
  const six = hostAddress.family === 6;
  const key = [protocolField(target.protocol), portField(target.hostPort)];
  if (address === undefined) return six ? [elementOfRelay(hostAddress, key)] : [];
  const value = [addressField(address), portField(target.containerPort)];
  if (hostAddress.value === 0n) {
    return [
      { set: six ? 'published6_anywhere' : 'published_anywhere', key, value },
      ...(gate ? [{ set: six ? 'open6_anywhere' : 'open_anywhere', key } as const] : []),
    ];
  }
  const addressed = [addressField(hostAddress), ...key];
  return [
    { set: six ? 'published6' : 'published', key: addressed, value },
    ...(gate ? [{ set: six ? 'open6' : 'open', key: addressed } as const] : []),
  ];
}

function elementOfRelay(hostAddress: IpAddress, key: Field[]): Element {
  return hostAddress.value === 0n
    ? { set: 'relayed6_anywhere', key }
    : { set: 'relayed6', key: [addressField(hostAddress), ...key] };
}

/** A port that a link opens; it matters where containers are kept apart. */
export function elementOfLink({ bridge, from, to, protocol, port }: OpenPort): Element {
  const key = [
    nameField(bridge),
    addressField(from),
    addressField(to),
    protocolField(protocol),
    portField(port),
  ];
  return { set: 'links', key };
}

/** What the table says of a bridge network. */
export function elementsOfNetwork(network: BridgeNetwork): Element[] {
  const { masquerade, interContainer, sourceAddresses } = parseBridgeOptions(network.options);
  const bridge = nameField(network.interfaceName);
  const { 4: four, 6: six } = network.pools;
  const elements: Element[] = [{ set: 'bridges', key: [bridge] }];
  if (interContainer) elements.push({ set: 'siblings', key: [bridge, bridge] });
  if (masquerade && !network.internal) {
    elements.push({ set: 'masqueraded', key: [bridge] });
    const { 4: source4, 6: source6 } = sourceAddresses;
    if (source4) elements.push({ set: 'sources', key: [bridge], value: [addressField(source4)] });
    if (source6) elements.push({ set: 'sources6', key: [bridge], value: [addressField(source6)] });
  }
  if (network.internal) elements.push({ set: 'confined', key: [bridge] });
  if (four) elements.push({ set: 'insiders', key: [bridge, subnetField(four.subnet)] });
  if (six) elements.push({ set: 'insiders6', key: [bridge, subnetField(six.subnet)] });
  return elements;
}

export function textOfElement({ key, value }: Element): string {
  const join = (fields: Field[]) => fields.map((field) => field.text).join(' . ');
  return value === undefined ? join(key) : `${join(key)} : ${join(value)}`;
}

/** @param table name of our own table */
export function bytesOfElement({ set, key, value }: Element, table: string): SetElement {
  const join = (fields: Field[]) => Buffer.concat(fields.map((field) => field.bytes));
  const interval = key.some((field) => field.end !== undefined);
  const place = isGateSet(set)
    ? { family: gateSets[set].family, table: gateTable(table) }
    : { family: 'inet' as const, table };
  return {
    ...place,
    set,
    key: join(key),
    ...(interval ? { keyEnd: Buffer.concat(key.map((field) => field.end ?? field.bytes)) } : {}),
    ...(value === undefined ? {} : { value: join(value) }),
  };
}

function isGateSet(set: Element['set']): set is GateSetName {
  return Object.hasOwn(gateSets, set);
}

/** An interface's name fills sixteen bytes. */
function nameField(name: string): Field {
  const bytes = Buffer.alloc(16);
  bytes.write(name);
  return { text: `"${name}"`, bytes };
}

function addressField(address: IpAddress): Field {
  return { text: formatIp(address), bytes: bytesOfIp(address) };
}

function subnetField(subnet: Subnet): Field {
  const end = bytesOfIp({ family: subnet.family, value: lastAddress(subnet) });
  return { text: formatSubnet(subnet), bytes: bytesOfIp(subnet), end };
}

function protocolField(protocol: PublishedPort['protocol']): Field {
  return { text: protocol, bytes: Buffer.of(protocolNumbers[protocol], 0, 0, 0) };
}

function portField(port: number): Field {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(port);
  return { text: String(port), bytes };
}
