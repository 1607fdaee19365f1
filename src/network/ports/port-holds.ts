import fs from 'node:fs';
import { DhowError, messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { parseIp } from '#network/addresses/ip.ts';
import { wildcardAddress } from '#network/firewall/elements.ts';
import type { PublishedPort, PublishedPortRequest } from '#network/network.ts';
import { findListener } from '#network/ports/find-listener.ts';
import { type HeldPort, holdPort } from '#network/ports/hold-port.ts';
import type { PortTable } from '#network/tables/ports.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * The host ports that published ports occupy, by container. `reserve` chooses a port, holds it and writes its row;
 * call it inside the transaction that writes the container.
 */
export interface PortHolds {
  /**
   * @param defaultAddress host address of requests that name none; empty for all addresses
   * @throws PortTaken, turned into the user's error by `describeTaken`; InvalidParameter for a foreign host address
   */
  reserve(containerId: string, requests: readonly PublishedPortRequest[], defaultAddress: string): void;
  /** Holds the ports of a live container anew after a restart; one that is lost is logged and stays translated. */
  resume(containerId: string, ports: readonly PublishedPort[]): void;
  release(containerId: string): void;
  releaseAll(): void;
}

/** No port of the request was free; carries what is needed to say who has it. */
export class PortTaken extends Error {
  readonly request: PublishedPortRequest;
  readonly hostAddress: string;

  constructor(request: PublishedPortRequest, hostAddress: string) {
    super(`port ${hostAddress}:${request.hostPort}/${request.protocol} is taken`);
    this.name = 'PortTaken';
    this.request = request;
    this.hostAddress = hostAddress;
  }
}

interface Range {
  first: number;
  last: number;
}

export function createPortHolds(table: PortTable, log: Log): PortHolds {
  const held = new Map<string, HeldPort[]>();
  /** Ports without a wish are given in turn, so that a port rests before the next container gets it. */
  let nextEphemeral = 0;

  function reserveOne(
    request: PublishedPortRequest,
    defaultAddress: string,
  ): { port: PublishedPort; hold: HeldPort } {
    const { containerPort, protocol } = request;
    const hostAddress = hostAddressOf({ ...request, hostAddress: request.hostAddress || defaultAddress });
    const ephemeral = request.hostPort === 0;
    const range = ephemeral ? ephemeralRange() : { first: request.hostPort, last: request.hostPortEnd };
    for (const hostPort of inTurn(range, ephemeral ? nextEphemeral : range.first)) {
      const port = { containerPort, protocol, hostAddress, hostPort };
      if (table.holder(port)) continue;
      const hold = tryHold(port);
      if (hold === undefined) continue;
      if (ephemeral) nextEphemeral = hostPort + 1;
      return { port, hold };
    }
    throw new PortTaken(request, hostAddress);
  }

  function release(containerId: string): void {
    for (const hold of held.get(containerId) ?? []) hold[Symbol.dispose]();
    held.delete(containerId);
  }

  return {
    reserve(containerId, requests, defaultAddress) {
      const holds: HeldPort[] = [];
      held.set(containerId, holds);
      try {
        for (const request of requests) {
          const { port, hold } = reserveOne(request, defaultAddress);
          holds.push(hold);
          table.insert(containerId, port);
        }
      } catch (error) {
        release(containerId);
        throw error;
      }
    },
    resume(containerId, ports) {
      release(containerId);
      const holds: HeldPort[] = [];
      held.set(containerId, holds);
      for (const port of ports) {
        try {
          holds.push(holdPort(port));
        } catch (error) {
          const { hostAddress, hostPort, protocol } = port;
          log.warn('published port is used by another program', {
            hostAddress,
            hostPort,
            protocol,
            error: messageOf(error),
          });
        }
      }
    },
    release,
    releaseAll() {
      for (const containerId of [...held.keys()]) release(containerId);
    },
  };
}

/** The user's error for a taken port, in Docker's words, and who has it. */
export async function describeTaken(
  taken: PortTaken,
  table: PortTable,
  container: { name: string; endpointId: string },
): Promise<DhowError> {
  const { request, hostAddress } = taken;
  const single = request.hostPort !== 0 && request.hostPort === request.hostPortEnd;
  const where = single ? `${request.hostPort}` : `${request.hostPort}-${request.hostPortEnd}`;
  const problem = single ? 'port is already allocated' : 'all ports are allocated';
  const holder = single ? await describeHolder(taken, table) : '';
  return new DhowError(
    'Conflict',
    `driver failed programming external connectivity on endpoint ${container.name} (${container.endpointId}): ` +
      `Bind for ${hostAddress}:${where} failed: ${problem}${holder}`,
    { reason: 'port-in-use', cause: taken },
  );
}

async function describeHolder(taken: PortTaken, table: PortTable): Promise<string> {
  const { protocol, hostPort } = taken.request;
  const holder = table.holder({ protocol, hostPort, hostAddress: taken.hostAddress });
  if (holder) return ` (by container "${holder.containerName}")`;
  const listener = await findListener({ protocol, hostPort });
  return listener ? ` (by process ${listener.pid}, ${listener.command})` : ' (by a process of the host)';
}

/** undefined: somebody else has the port. */
function tryHold(port: PublishedPort): HeldPort | undefined {
  try {
    return holdPort(port);
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) return undefined;
    if (hasCode(error, 'EADDRNOTAVAIL')) {
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

function hostAddressOf(request: PublishedPortRequest): string {
  if (request.hostAddress === '') return wildcardAddress;
  if (parseIp(request.hostAddress)?.family === 4) return request.hostAddress;
  if (request.hostAddress.includes(':')) {
    throw new DhowError(
      'Unsupported',
      `cannot publish port ${request.containerPort} on [${request.hostAddress}]: containers have no IPv6 address yet; ` +
        'use an IPv4 address or leave it out',
    );
  }
  throw new DhowError('InvalidParameter', `invalid host address "${request.hostAddress.slice(0, 60)}"`);
}

function* inTurn({ first, last }: Range, from: number): Generator<number> {
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
