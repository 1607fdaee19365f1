import { bytesOfIp, parseIp } from '#network/addresses/ip.ts';
import type { PortTarget } from '#network/tables/port-targets.ts';
import { type ConnectionKind, forgetConnections, type TrackedConnection } from '#sys/netlink-conntrack.ts';

/** Where connections to one host port should lead. */
interface Aim {
  /** undefined: all addresses of the host. */
  hostAddress: Uint8Array | undefined;
  /** undefined: to the host itself. */
  container: { address: Uint8Array; port: number } | undefined;
}

interface StrayParts {
  /** Ports as they were published: nothing may lead there any more, unless they are so still. */
  before: readonly PortTarget[];
  /** Ports as they are published now. */
  after: readonly PortTarget[];
  /** Whether packets for a published port may have come to the host, before it was translated. */
  wasReached: (port: PortTarget) => boolean;
  /** The host's own addresses, but for those of its loopback. */
  ownAddresses: () => readonly Uint8Array[];
}

/**
 * The kernel decides about translation with the first packet of a connection and sticks to it. This makes it decide anew: for UDP, where
 * clients may never pause, and for TCP when a client has knocked while the port was held but not translated yet; without this it would
 * knock for two minutes in vain.
 * @throws SystemError
 */
export async function forgetStrayConnections(parts: StrayParts): Promise<void> {
  const { before, after, wasReached } = parts;
  const isUdp = ({ protocol }: PortTarget) => protocol === 'udp';
  const published = after.filter((port) => isUdp(port) || (port.protocol === 'tcp' && wasReached(port)));
  const kinds = (['udp', 'tcp'] as const).flatMap((protocol) =>
    ([4, 6] as const).map((family): ConnectionKind => ({ family, protocol })),
  );
  for (const kind of kinds) {
    const aims = new Map<number, Aim[]>();
    for (const port of published) addAim(aims, kind, port, 'container');
    // Behind those of now, which count where both know a port.
    for (const port of before.filter(isUdp)) addAim(aims, kind, port, 'host');
    if (aims.size === 0) continue;
    const [port] = aims.size === 1 ? aims.keys() : [];
    const own = parts.ownAddresses();
    await forgetConnections(kind, port, (connection) => isStray(kind, connection, aims, own));
  }
}

function addAim(
  aims: Map<number, Aim[]>,
  { family, protocol }: ConnectionKind,
  port: PortTarget,
  end: 'container' | 'host',
): void {
  const hostAddress = parseIp(port.hostAddress);
  const address = port.addresses[family];
  // What the kernel does not translate needs no new decision.
  if (port.protocol !== protocol || hostAddress?.family !== family || address === undefined) return;
  const container = { address: bytesOfIp(address), port: port.containerPort };
  const aim: Aim = {
    hostAddress: hostAddress.value === 0n ? undefined : bytesOfIp(hostAddress),
    container: end === 'container' ? container : undefined,
  };
  aims.set(port.hostPort, [...(aims.get(port.hostPort) ?? []), aim]);
}

function isStray(
  { family, protocol }: ConnectionKind,
  { destination, responder, answered }: TrackedConnection,
  aims: ReadonlyMap<number, readonly Aim[]>,
  ownAddresses: readonly Uint8Array[],
): boolean {
  // A connection of TCP that is under way would break.
  if (protocol === 'tcp' && answered) return false;
  const isOwn = () =>
    (family === 4 && destination.address[0] === 127) ||
    ownAddresses.some((address) => sameBytes(address, destination.address));
  const aim = aims
    .get(destination.port)
    ?.find(({ hostAddress }) => (hostAddress ? sameBytes(hostAddress, destination.address) : isOwn()));
  if (aim === undefined) return false;
  const wanted = aim.container ?? destination;
  return responder.port !== wanted.port || !sameBytes(responder.address, wanted.address);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
