import { Buffer } from 'node:buffer';
import { parseIpv4 } from '#network/addresses/ipv4.ts';
import type { PublishedPort } from '#network/network.ts';
import type { PortTarget } from '#network/tables/endpoints.ts';
import type { MapElement } from '#sys/netlink-netfilter.ts';

/** The two maps: ports published on one host address, and ports published on all of them. */
export const mapNames = { addressed: 'published', wildcard: 'published_anywhere' } as const;

export const wildcardAddress = '0.0.0.0';

/** Numbers of IP protocols, RFC 790 and successors. */
const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } satisfies Record<PublishedPort['protocol'], number>;

/** A published port as an element of its map, in the kernel's byte layout. */
export function elementOf(target: PortTarget): MapElement {
  const value = Buffer.concat([addressField(target.address), portField(target.containerPort)]);
  const protocolAndPort = Buffer.concat([
    Buffer.of(protocolNumbers[target.protocol], 0, 0, 0),
    portField(target.hostPort),
  ]);
  if (target.hostAddress === wildcardAddress) {
    return { map: mapNames.wildcard, key: protocolAndPort, value };
  }
  const hostAddress = addressField(parseIpv4(target.hostAddress) ?? 0);
  return { map: mapNames.addressed, key: Buffer.concat([hostAddress, protocolAndPort]), value };
}

function addressField(address: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32BE(address);
  return field;
}

function portField(port: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt16BE(port);
  return field;
}
