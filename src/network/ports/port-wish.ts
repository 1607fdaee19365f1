import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { type Family, type IpAddress, parseIp } from '#network/addresses/ip.ts';
import type { PublishedPort, PublishedPortRequest } from '#network/network.ts';

/** Of ports, both ends included. */
interface Range {
  first: number;
  last: number;
}

/** What is asked for, with all that was left open but the port itself. */
export interface Wish {
  containerPort: number;
  protocol: PublishedPort['protocol'];
  /** All of them get the same port. */
  addresses: IpAddress[];
  range: Range;
  ephemeral: boolean;
}

/**
 * @param options as in `PortHolds.reserve`
 * @throws InvalidParameter for a host address that is none, or of a family that the container has not, where it matters
 */
export function readWish(
  request: PublishedPortRequest,
  { defaultAddress, families }: { defaultAddress: string; families: readonly Family[] },
): Wish {
  const { containerPort, protocol, hostPort, hostPortEnd } = request;
  const text = request.hostAddress || defaultAddress;
  const ephemeral = hostPort === 0;
  const range = ephemeral ? ephemeralRange() : { first: hostPort, last: hostPortEnd };
  return { containerPort, protocol, range, ephemeral, addresses: addressesOf(text, protocol, families) };
}

/** All addresses are 0.0.0.0 and ::, as far as something would answer there. */
function addressesOf(
  text: string,
  protocol: PublishedPort['protocol'],
  families: readonly Family[],
): IpAddress[] {
  const reachable = (family: Family) =>
    families.includes(family) || (family === 6 && protocol !== 'sctp' && families.includes(4));
  if (text === '') {
    return ([4, 6] as const).filter(reachable).map((family) => ({ family, value: 0n }));
  }
  const address = parseIp(text);
  if (address === undefined) {
    throw new DhowError('InvalidParameter', `invalid host address "${text.slice(0, 60)}"`);
  }
  if (reachable(address.family)) return [address];
  throw new DhowError(
    'InvalidParameter',
    `cannot publish a ${protocol} port on ${text}: the container has no IPv${address.family} address; ` +
      `use a network with IPv${address.family}, or another host address`,
  );
}

/** All ports of a range, from one of them on. */
export function* inTurn({ first, last }: Range, from: number): Generator<number> {
  const start = from >= first && from <= last ? from : first;
  for (let port = start; port <= last; port++) yield port;
  for (let port = first; port < start; port++) yield port;
}

/** The range from which the kernel itself takes ports; Docker uses it too. */
function ephemeralRange(): Range {
  const text = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [first, last] = text.trim().split(/\s+/).map(Number);
  return { first: first || 49153, last: last || 65535 };
}
