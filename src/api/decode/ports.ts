import { isIP } from 'node:net';
import { Fields } from '#api/decode/fields.ts';
import type { PortPattern } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { PublishedPortRequest } from '#network/network.ts';

type Protocol = PublishedPortRequest['protocol'];

/** `80`, `80/tcp`, `53/udp`. @throws InvalidParameter naming the field */
export function parsePort(text: string, field: string): { port: number; protocol: Protocol } {
  const [number = '', protocol = 'tcp', ...rest] = text.split('/');
  const port = parsePortNumber(number, field);
  const lower = protocol.toLowerCase();
  if (rest.length > 0 || (lower !== 'tcp' && lower !== 'udp' && lower !== 'sctp')) {
    throw new DhowError('InvalidParameter', `invalid proto: ${text} (${field})`);
  }
  if (port === 0) throw new DhowError('InvalidParameter', `invalid port specification: "${text}" (${field})`);
  return { port, protocol: lower };
}

/** Docker's `PortBindings`. A port with no bindings is exposed only, and asks for nothing here. */
export function decodePortBindings(fields: Fields, name = 'PortBindings'): PublishedPortRequest[] {
  const field = fields.nameOf(name);
  const requests: PublishedPortRequest[] = [];
  for (const [key, value] of fields.entries(name)) {
    const { port, protocol } = parsePort(key, field);
    if (value !== null && !Array.isArray(value)) {
      throw new DhowError('InvalidParameter', `invalid JSON: ${field}["${key}"] must be an array`);
    }
    for (const member of (value ?? []) as unknown[]) {
      const binding = Fields.of(member, `${field}["${key}"]`);
      requests.push({ containerPort: port, protocol, ...decodeBinding(binding) });
    }
  }
  return requests;
}

/** The same form, for ports that are to be found: a port with no bindings, or one without a host port, means all of them. */
export function decodePortPatterns(fields: Fields, name: string): PortPattern[] {
  const bare = fields
    .entries(name)
    .filter(([, value]) => value === null || (Array.isArray(value) && value.length === 0))
    .map(([key]) => ({ ...parsePort(key, fields.nameOf(name)), hostAddress: '', hostPort: 0 }))
    .map(({ port, ...rest }) => ({ ...rest, containerPort: port }));
  const bound = decodePortBindings(fields, name).map(({ hostPortEnd, ...pattern }) => {
    if (hostPortEnd === pattern.hostPort) return pattern;
    throw new DhowError('InvalidParameter', `${fields.nameOf(name)} takes single host ports, not ranges`);
  });
  return [...bare, ...bound];
}

function decodeBinding(
  binding: Fields,
): Pick<PublishedPortRequest, 'hostAddress' | 'hostPort' | 'hostPortEnd'> {
  const hostAddress = binding.text('HostIp').replace(/^\[(.*)\]$/, '$1');
  if (hostAddress !== '' && isIP(hostAddress) === 0) {
    throw new DhowError(
      'InvalidParameter',
      `invalid IP address: ${hostAddress} (${binding.nameOf('HostIp')})`,
    );
  }
  const text = binding.text('HostPort');
  const [first = '', last = first, ...rest] = text.split('-');
  const hostPort = text === '' ? 0 : parsePortNumber(first, binding.nameOf('HostPort'));
  const hostPortEnd = text === '' ? 0 : parsePortNumber(last, binding.nameOf('HostPort'));
  if (rest.length > 0 || hostPortEnd < hostPort) {
    throw new DhowError(
      'InvalidParameter',
      `invalid port specification: "${text}" (${binding.nameOf('HostPort')})`,
    );
  }
  return { hostAddress, hostPort, hostPortEnd };
}

function parsePortNumber(text: string, field: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new DhowError('InvalidParameter', `invalid port specification: "${text.slice(0, 60)}" (${field})`);
}
