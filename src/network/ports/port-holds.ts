import fs from 'node:fs';
import { DhowError, messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { parseIpv4 } from '#network/addresses/ipv4.ts';
import { wildcardAddress } from '#network/firewall/elements.ts';
import type { PublishedPort, PublishedPortRequest } from '#network/network.ts';
import { findListener } from '#network/ports/find-listener.ts';
import { type HeldPort, holdPort } from '#network/ports/hold-port.ts';
import type { EndpointTable } from '#network/tables/endpoints.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * The host ports that published ports occupy, by endpoint. `reserve` chooses a port, holds it and writes its row;
 * call it inside the transaction that writes the endpoint.
 */
export interface PortHolds {
  /** @throws PortTaken, turned into the user's error by `describeTaken`; InvalidParameter for a foreign host address */
  reserve(endpointId: string, requests: readonly PublishedPortRequest[]): PublishedPort[];
  /** Holds the ports of a live container anew after a restart; one that is lost is logged and stays translated. */
  resume(endpointId: string, ports: readonly PublishedPort[]): void;
  release(endpointId: string): void;
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

export function createPortHolds(endpoints: EndpointTable, log: Log): PortHolds {
  const held = new Map<string, HeldPort[]>();
  /** Ports without a wish are given in turn, so that a port rests before the next container gets it. */
  let nextEphemeral = 0;

  function reserveOne(request: PublishedPortRequest): { port: PublishedPort; hold: HeldPort } {
    const { containerPort, protocol } = request;
    const hostAddress = hostAddressOf(request);
    const ephemeral = request.hostPort === 0;
    const range = ephemeral ? ephemeralRange() : { first: request.hostPort, last: request.hostPortEnd };
    for (const hostPort of inTurn(range, ephemeral ? nextEphemeral : range.first)) {
      const port = { containerPort, protocol, hostAddress, hostPort };
      if (endpoints.portHolder(port)) continue;
      const hold = tryHold(port);
      if (hold === undefined) continue;
      if (ephemeral) nextEphemeral = hostPort + 1;
      return { port, hold };
    }
    throw new PortTaken(request, hostAddress);
  }

  function release(endpointId: string): void {
    for (const hold of held.get(endpointId) ?? []) hold[Symbol.dispose]();
    held.delete(endpointId);
  }

  return {
    reserve(endpointId, requests) {
      const holds: HeldPort[] = [];
      held.set(endpointId, holds);
      try {
        return requests.map((request, position) => {
          const { port, hold } = reserveOne(request);
          holds.push(hold);
          endpoints.insertPort(endpointId, position, port);
          return port;
        });
      } catch (error) {
        release(endpointId);
        throw error;
      }
    },
    resume(endpointId, ports) {
      release(endpointId);
      const holds: HeldPort[] = [];
      held.set(endpointId, holds);
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
      for (const endpointId of [...held.keys()]) release(endpointId);
    },
  };
}

/** The user's error for a taken port, in Docker's words, and who has it. */
export async function describeTaken(
  taken: PortTaken,
  endpoints: EndpointTable,
  container: { name: string; endpointId: string },
): Promise<DhowError> {
  const { request, hostAddress } = taken;
  const single = request.hostPort !== 0 && request.hostPort === request.hostPortEnd;
  const where = single ? `${request.hostPort}` : `${request.hostPort}-${request.hostPortEnd}`;
  const problem = single ? 'port is already allocated' : 'all ports are allocated';
  const holder = single ? await describeHolder(taken, endpoints) : '';
  return new DhowError(
    'Conflict',
    `driver failed programming external connectivity on endpoint ${container.name} (${container.endpointId}): ` +
      `Bind for ${hostAddress}:${where} failed: ${problem}${holder}`,
    { reason: 'port-in-use', cause: taken },
  );
}

async function describeHolder(taken: PortTaken, endpoints: EndpointTable): Promise<string> {
  const { protocol, hostPort } = taken.request;
  const holder = endpoints.portHolder({ protocol, hostPort, hostAddress: taken.hostAddress });
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
  if (parseIpv4(request.hostAddress) !== undefined) return request.hostAddress;
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
