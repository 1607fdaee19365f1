import { DhowError } from '#errors/error.ts';
import type { PortMap } from '#wire/host-config.ts';

const protocols = ['tcp', 'udp', 'sctp'];
/** A range of more ports than there are is a slip, and each becomes an entry. */
const highestPort = 65535;

export interface PublishedPorts {
  /** Such as `80/tcp`. */
  readonly exposed: string[];
  readonly bindings: PortMap;
}

/**
 * `--publish`: `[address:][hostPort:]containerPort[/protocol]`, ports or ranges of ports, IPv6 addresses in brackets; or
 * `target=…,published=…,protocol=…`. One container port with a range on the host takes a free port of the range.
 *
 * @throws InvalidParameter in Docker's words
 */
export function parsePublished(texts: readonly string[]): PublishedPorts {
  const exposed = new Set<string>();
  const bindings: PortMap = {};
  for (const text of texts) {
    const { address, host, container, protocol } = splitSpec(text.includes('=') ? shortForm(text) : text);
    const inside = parseRange(container, `invalid containerPort: ${container}`);
    const outside = host === '' ? undefined : parseRange(host, `invalid hostPort: ${host}`);
    const count = inside.end - inside.start;
    const free = outside !== undefined && count === 0 && outside.end > outside.start;
    if (outside !== undefined && !free && outside.end - outside.start !== count) {
      throw new DhowError(
        'InvalidParameter',
        `invalid ranges specified for container and host Ports: ${container} and ${host}`,
      );
    }
    for (let index = 0; index <= count; index++) {
      const port = `${inside.start + index}/${protocol}`;
      const hostPort = free ? host : outside === undefined ? '' : String(outside.start + index);
      exposed.add(port);
      bindings[port] ??= [];
      bindings[port].push({ HostIp: address, HostPort: hostPort });
    }
  }
  return { exposed: [...exposed], bindings };
}

/** `--expose`: a port or range, with or without protocol. */
export function parseExposed(text: string): string[] {
  if (text.includes(':'))
    throw new DhowError('InvalidParameter', `invalid port format for --expose: ${text}`);
  const { container, protocol } = splitSpec(text);
  const { start, end } = parseRange(container, `invalid range format for --expose: ${text}`);
  return Array.from({ length: end - start + 1 }, (_, index) => `${start + index}/${protocol}`);
}

interface PortSpec {
  readonly address: string;
  readonly host: string;
  readonly container: string;
  readonly protocol: string;
}

function splitSpec(text: string): PortSpec {
  const [ports = '', protocol = 'tcp', ...more] = text.split('/');
  const lower = protocol.toLowerCase();
  if (more.length > 0 || !protocols.includes(lower)) {
    throw new DhowError('InvalidParameter', `invalid proto: ${[protocol, ...more].join('/')}`);
  }
  const match = /^(?:(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:[\]]*)):)?(?:(?<host>[^:]*):)?(?<container>[^:]*)$/.exec(
    ports,
  );
  // Two parts are host and container port; only three begin with an address.
  const groups = match?.groups ?? {};
  const { v6, v4, host, container = '' } = groups;
  if (match === null) throw new DhowError('InvalidParameter', `invalid port specification: ${text}`);
  if (container === '') throw new DhowError('InvalidParameter', `no port specified: ${text}<empty>`);
  if (v6 !== undefined && host === undefined) return { address: v6, host: '', container, protocol: lower };
  if (host === undefined) return { address: '', host: v4 ?? '', container, protocol: lower };
  const address = v6 ?? v4 ?? '';
  if (v6 === undefined && address !== '' && !/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) {
    throw new DhowError('InvalidParameter', `invalid IP address: ${address}`);
  }
  return { address, host, container, protocol: lower };
}

function parseRange(text: string, complaint: string): { start: number; end: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const start = Number(match?.[1]);
  const end = Number(match?.[2] ?? match?.[1]);
  if (match === null || start > end || end > highestPort) throw new DhowError('InvalidParameter', complaint);
  return { start, end };
}

function shortForm(text: string): string {
  const fields: Record<string, string> = {};
  for (const field of text.split(',')) {
    const [key = '', value, ...more] = field.split('=');
    if (value === undefined || more.length > 0) {
      throw new DhowError(
        'InvalidParameter',
        `invalid publish opts format (should be name=value but got '${field}')`,
      );
    }
    if (!['target', 'published', 'protocol', 'mode'].includes(key)) {
      throw new DhowError('InvalidParameter', `invalid publish option: ${key}`);
    }
    fields[key] = value;
  }
  return `${fields['published'] ?? ''}:${fields['target'] ?? ''}/${fields['protocol'] ?? 'tcp'}`;
}
