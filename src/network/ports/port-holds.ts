import fs from 'node:fs';
import { DhowError, messageOf } from '#errors/error.ts';
import { type Family, formatIp, type IpAddress } from '#network/addresses/ip.ts';
import type { PublishedPort, PublishedPortRequest } from '#network/network.ts';
import { hasDroppedPackets, holdPort } from '#network/ports/hold-port.ts';
import { PortTaken } from '#network/ports/port-taken.ts';
import { inTurn, readWish, type Wish } from '#network/ports/port-wish.ts';
import { type RelayParts, type RelayTarget, relay } from '#network/ports/relay.ts';
import { relayDatagrams } from '#network/ports/relay-datagrams.ts';
import type { PortTable } from '#network/tables/ports.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * The host ports that published ports occupy. `reserve` chooses a port, holds it and writes its row; call it inside the
 * transaction that writes the container.
 */
export interface PortHolds {
  /**
   * @param options defaultAddress: host address of requests that name none, empty for all addresses; families: those in
   * which the container has the default route
   * @returns what was published
   * @throws PortTaken, turned into the user's error by `describeTaken`; InvalidParameter for a foreign host address, and for
   * one of a family that the container has not, where it matters
   */
  reserve(
    containerId: string,
    requests: readonly PublishedPortRequest[],
    options: { defaultAddress: string; families: readonly Family[] },
  ): PublishedPort[];
  /** Holds the ports of a live container anew after a restart; one that is lost is logged and stays translated. */
  resume(containerId: string, ports: readonly PublishedPort[]): void;
  /** Whether packets have come to a held port, which they do only when they are not translated. Nobody has answered them. */
  wasReached(port: PublishedPort): boolean;
  /** Gives ports back; without a list all of the container's. */
  release(containerId: string, ports?: readonly PublishedPort[]): void;
  releaseAll(): void;
}

interface Hold extends Disposable {
  /** Absent where the daemon answers. */
  wasReached?(): boolean;
}

/** @param addressOf where a container is to be reached from the host */
export function createPortHolds(
  table: PortTable,
  addressOf: (containerId: string) => IpAddress | undefined,
  relayParts: RelayParts,
): PortHolds {
  const { log } = relayParts;
  const held = new Map<string, Map<string, Hold>>();
  /** Ports without a wish are given in turn, so that a port rests before the next container gets it. */
  let nextEphemeral = 0;

  function hold(containerId: string, port: PublishedPort): Hold {
    const answers = isRelayed(port);
    const fd = holdPort(port, answers);
    if (fd === undefined) return { [Symbol.dispose]() {} };
    if (!answers) {
      return { [Symbol.dispose]: () => fs.closeSync(fd), wasReached: () => hasDroppedPackets(fd) };
    }
    const target: RelayTarget = () => {
      const address = addressOf(containerId);
      return address && { address, port: port.containerPort };
    };
    return port.protocol === 'tcp' ? relay(fd, target, relayParts) : relayDatagrams(fd, target, log);
  }

  function keep(containerId: string, port: PublishedPort, taken: Hold): void {
    const ofContainer = held.get(containerId) ?? new Map<string, Hold>();
    held.set(containerId, ofContainer);
    ofContainer.set(keyOf(port), taken);
  }

  /** The same port on every address, or none. undefined: somebody has it on one of them. */
  function tryAll(containerId: string, wish: Wish, hostPort: number): PublishedPort[] | IpAddress {
    const { containerPort, protocol } = wish;
    const done: PublishedPort[] = [];
    for (const address of wish.addresses) {
      const port = { containerPort, protocol, hostAddress: formatIp(address), hostPort };
      const taken = table.holder(port) ? undefined : tryHold(() => hold(containerId, port), port, wish);
      if (taken === undefined) {
        release(containerId, done);
        return address;
      }
      if (taken === 'impossible') continue;
      keep(containerId, port, taken);
      done.push(port);
    }
    return done;
  }

  function reserveOne(containerId: string, request: PublishedPortRequest, wish: Wish): PublishedPort[] {
    const from = wish.ephemeral ? nextEphemeral : wish.range.first;
    let taken: IpAddress | undefined;
    for (const hostPort of inTurn(wish.range, from)) {
      const ports = tryAll(containerId, wish, hostPort);
      if (!Array.isArray(ports)) {
        taken ??= ports;
        continue;
      }
      if (wish.ephemeral) nextEphemeral = hostPort + 1;
      return ports;
    }
    const address = taken ?? { family: 4, value: 0n };
    const holder = table.holder({ ...request, hostAddress: formatIp(address) });
    throw new PortTaken(request, address, holder);
  }

  function release(containerId: string, ports?: readonly PublishedPort[]): void {
    const ofContainer = held.get(containerId);
    for (const key of ports?.map(keyOf) ?? [...(ofContainer?.keys() ?? [])]) {
      ofContainer?.get(key)?.[Symbol.dispose]();
      ofContainer?.delete(key);
    }
    if (ofContainer?.size === 0) held.delete(containerId);
  }

  return {
    reserve(containerId, requests, options) {
      const done: PublishedPort[] = [];
      try {
        for (const request of requests) {
          const ports = reserveOne(containerId, request, readWish(request, options));
          done.push(...ports);
          for (const port of ports) table.insert(containerId, port);
        }
        return done;
      } catch (error) {
        release(containerId, done);
        throw error;
      }
    },
    resume(containerId, ports) {
      release(containerId);
      for (const port of ports) {
        try {
          keep(containerId, port, hold(containerId, port));
        } catch (error) {
          const { hostAddress, hostPort, protocol } = port;
          const fields = { hostAddress, hostPort, protocol, error: messageOf(error) };
          log.warn('published port is used by another program', fields);
        }
      }
    },
    wasReached(port) {
      const key = keyOf(port);
      for (const ofContainer of held.values()) {
        const taken = ofContainer.get(key);
        if (taken !== undefined) return taken.wasReached?.() ?? false;
      }
      return false;
    },
    release,
    releaseAll() {
      for (const containerId of [...held.keys()]) release(containerId);
    },
  };
}

/**
 * Whether the daemon answers on the port: what comes by IPv6 and is not translated is for ::1, or for a container that has
 * no IPv6. With IPv4 the kernel can do all, except for containers that have none.
 */
function isRelayed({ protocol, hostAddress }: PublishedPort): boolean {
  return protocol !== 'sctp' && hostAddress.includes(':');
}

/** undefined: somebody else has the port. `impossible`: of all addresses those of a family that this host has not. */
function tryHold(hold: () => Hold, port: PublishedPort, wish: Wish): Hold | undefined | 'impossible' {
  try {
    return hold();
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) return undefined;
    if (hasCode(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL') && wish.addresses.length > 1) return 'impossible';
    if (hasCode(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) {
      throw new DhowError(
        'InvalidParameter',
        `cannot publish port ${port.hostPort} on ${port.hostAddress}: cannot assign requested address; ` +
          'no interface of this host has it',
        { cause: error },
      );
    }
    if (hasCode(error, 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM')) {
      throw new DhowError(
        'ResourceExhausted',
        `cannot publish port ${port.hostPort}: the daemon has no file descriptor left; raise its limit (LimitNOFILE)`,
        { cause: error },
      );
    }
    throw error;
  }
}

function keyOf({ protocol, hostAddress, hostPort }: PublishedPort): string {
  return `${protocol} ${hostAddress} ${hostPort}`;
}
