import { DhowError } from '#errors/error.ts';

/** Where the daemon listens. */
export type HostAddress =
  | { kind: 'unix'; path: string }
  /** Port 0: one that is free. */
  | { kind: 'tcp'; host: string; port: number }
  /** Sockets that a service manager passes: those of a name, that of a number, or all. */
  | { kind: 'activated'; which: string };

/** All sockets that were passed. */
export const everySocket = '*';

const portOfTls = 2376;
/** unix(7) has 108 bytes with the NUL. */
const longestPath = 107;

/**
 * `unix:///path`, `tcp://host[:port]` and `fd://[name or number]`.
 * @throws InvalidParameter, Unsupported
 */
export function parseHostAddress(text: string): HostAddress {
  const [, scheme, rest = ''] = /^([a-z]+):\/\/([\s\S]*)$/.exec(text) ?? [];
  if (scheme === 'unix' && rest.startsWith('/')) return { kind: 'unix', path: checkLength(text, rest) };
  if (scheme === 'fd' && /^[\w.:*-]*$/.test(rest)) return { kind: 'activated', which: rest || everySocket };
  if (scheme === 'tcp') return { kind: 'tcp', ...parseEndpoint(text, rest, portOfTls) };
  throw new DhowError(
    scheme === 'npipe' || scheme === 'ssh' ? 'Unsupported' : 'InvalidParameter',
    `cannot listen on "${text}": expected unix:///path, tcp://host:port or fd://`,
  );
}

/** Whoever reaches TCP without having to show a certificate is root on this machine. */
export function unprotected(host: string): DhowError {
  return new DhowError(
    'InvalidParameter',
    `whoever reaches ${host} would be root on this machine: give --tlsverify and certificates, so that only their holders are served, or --insecure-tcp-without-client-certificates`,
  );
}

/**
 * `host:port`; IPv6 in brackets, and no host means this machine alone.
 * @param named what the message calls it
 */
export function parseEndpoint(
  named: string,
  text: string,
  defaultPort?: number,
): { host: string; port: number } {
  const parts = /^(?:\[([0-9a-f:.%]+)\]|([^/:[\]\s]*))(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(parts?.[3] ?? defaultPort ?? Number.NaN);
  if (parts === null || !(port <= 65535)) {
    throw new DhowError('InvalidParameter', `"${named}" is not of the form host:port`);
  }
  return { host: parts[1] ?? (parts[2] || '127.0.0.1'), port };
}

function checkLength(text: string, path: string): string {
  if (Buffer.byteLength(path) <= longestPath) return path;
  throw new DhowError(
    'InvalidParameter',
    `the socket ${text} has a longer path than the kernel's ${longestPath} bytes: choose a shorter one with --host`,
  );
}
