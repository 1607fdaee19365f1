import type { PortSummary } from '#wire/containers.ts';

/**
 * The ports of a container on one line: `0.0.0.0:8080->80/tcp, 443-444/tcp`. Neighbouring ports that are published under their
 * own number, or not at all, become a range; ports published under another number come last, each for itself.
 */
export function formatPorts(ports: readonly PortSummary[] | null | undefined): string {
  const groups = new Map<string, { first: number; last: number }>();
  const ended: string[] = [];
  const mapped: string[] = [];
  for (const port of [...(ports ?? [])].sort(comparePorts)) {
    const isPublished = port.IP !== undefined && port.IP !== '';
    if (isPublished && port.PublicPort !== port.PrivatePort) {
      mapped.push(
        `${joinHostPort(port.IP ?? '', String(port.PublicPort ?? 0))}->${port.PrivatePort}/${port.Type}`,
      );
      continue;
    }
    const key = isPublished ? `${port.IP}/${port.Type}` : port.Type;
    const group = groups.get(key);
    if (group !== undefined && port.PrivatePort === group.last + 1) {
      group.last = port.PrivatePort;
      continue;
    }
    if (group !== undefined) ended.push(formatGroup(key, group.first, group.last));
    // Assigning to a key that is there already keeps its place in the order.
    groups.set(key, { first: port.PrivatePort, last: port.PrivatePort });
  }
  const open = [...groups].map(([key, { first, last }]) => formatGroup(key, first, last));
  return [...ended, ...open, ...mapped].join(', ');
}

function formatGroup(key: string, first: number, last: number): string {
  const [address, type] = key.includes('/') ? key.split('/') : ['', key];
  const range = first === last ? String(first) : `${first}-${last}`;
  const shown = address === '' || address === undefined ? range : `${joinHostPort(address, range)}->${range}`;
  return `${shown}/${type}`;
}

/** An address and a port as in a URL: IPv6 in brackets. */
export function joinHostPort(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  if (a.PrivatePort !== b.PrivatePort) return a.PrivatePort - b.PrivatePort;
  const [left, right] = [a.IP ?? '', b.IP ?? ''];
  if (left !== right) return left < right ? -1 : 1;
  if (a.PublicPort !== b.PublicPort) return (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
  return a.Type < b.Type ? -1 : 1;
}
