import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { sshCommand } from '#client/ssh-command.ts';
import { DhowError } from '#errors/error.ts';

/** A way to a daemon: opens byte streams, each of which carries HTTP/1.1. */
export interface Transport {
  /** As a user would write it, such as `unix:///run/dhow/dhow.sock`. */
  readonly address: string;
  /** Value of the `Host` header. */
  readonly hostHeader: string;
  /** @throws Unavailable when nobody listens, Forbidden when the socket may not be opened, Cancelled on abort */
  connect(signal?: AbortSignal): Promise<Duplex>;
}

/** PEM texts. Without `ca` the system's authorities count; `verify: false` accepts any server. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verify: boolean;
}

/**
 * @param host `unix:///path`, `tcp://host:port`, `http://…`, `https://…` or `ssh://[user@]host[:port][/path]`; the port of tcp defaults to 2375, with TLS to 2376
 * @throws InvalidParameter for any other form
 */
export function createTransport(host: string, tls?: TlsSettings): Transport {
  const [scheme, rest = ''] = host.includes('://')
    ? (host.split('://', 2) as [string, string])
    : ['tcp', host];
  if (scheme === 'unix') {
    if (rest === '')
      throw new DhowError('InvalidParameter', `host "${host}" has no path; write unix:///path`);
    return {
      address: host,
      hostHeader: 'dhow',
      connect: (signal) =>
        opened(connectSocket({ path: rest, allowHalfOpen: true }), 'connect', host, signal),
    };
  }
  if (scheme === 'ssh') {
    const args = sshCommand(host);
    return {
      address: host,
      hostHeader: 'dhow',
      async connect(signal) {
        const { connectBySsh } = await import('#client/ssh-transport.ts');
        return connectBySsh(host, args, signal);
      },
    };
  }
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') {
    throw new DhowError(
      scheme === 'npipe' || scheme === 'fd' ? 'Unsupported' : 'InvalidParameter',
      `host "${host}": protocol ${scheme} is not one of unix, tcp and ssh`,
    );
  }
  const secured = scheme === 'https' ? (tls ?? { verify: true }) : tls;
  const parts = /^(\[[0-9a-f:.%]+\]|[^/:[\]]*)(?::(\d{1,5}))?\/?$/i.exec(rest);
  const port = Number(parts?.[2] ?? (secured ? 2376 : 2375));
  if (parts === null || port < 1 || port > 65535) {
    throw new DhowError('InvalidParameter', `host "${host}" is not of the form tcp://host:port`);
  }
  const name = (parts[1] || '127.0.0.1').replace(/^\[|\]$/g, '');
  return {
    address: host,
    hostHeader: `${parts[1] || '127.0.0.1'}:${port}`,
    connect: secured
      ? (signal) => connectTls(name, port, secured, host, signal)
      : (signal) =>
          opened(
            connectSocket({ host: name, port, allowHalfOpen: true, noDelay: true }),
            'connect',
            host,
            signal,
          ),
  };
}

/** For a daemon in the same process: `open` makes a pair of streams, gives one end to the server and returns the other. */
export function createInProcessTransport(open: () => Duplex): Transport {
  return { address: 'in-process', hostHeader: 'dhow', connect: async () => open() };
}

async function connectTls(
  name: string,
  port: number,
  settings: TlsSettings,
  address: string,
  signal?: AbortSignal,
): Promise<Duplex> {
  // Half of the CLI's start-up budget, and most hosts are a unix socket.
  const { connect } = await import('node:tls');
  const { isIP } = await import('node:net');
  const { verify, ...identity } = settings;
  const socket = connect({
    ...identity,
    host: name,
    port,
    rejectUnauthorized: verify,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(name) === 0 ? { servername: name } : {}),
  });
  socket.setNoDelay(true);
  return opened(socket, 'secureConnect', address, signal);
}

function opened<Stream extends Duplex>(
  stream: Stream,
  event: string,
  address: string,
  signal?: AbortSignal,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      stream.off('error', onError);
      stream.off(event, onOpen);
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    const onOpen = () => settle(() => resolve(stream));
    const onError = (error: NodeJS.ErrnoException) => settle(() => reject(connectFailure(address, error)));
    const onAbort = () => {
      stream.on('error', () => {});
      stream.destroy();
      settle(() => reject(new DhowError('Cancelled', `connecting to ${address} was cancelled`)));
    };
    stream.once(event, onOpen);
    stream.once('error', onError);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function connectFailure(address: string, error: NodeJS.ErrnoException): DhowError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new DhowError(
      'Forbidden',
      `permission denied while trying to connect to the daemon at ${address}`,
      {
        cause: error,
      },
    );
  }
  const known = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
  return new DhowError(
    'Unavailable',
    `Cannot connect to the Dhow daemon at ${address}. Is the daemon running?${known ? '' : ` (${error.message})`}`,
    { cause: error },
  );
}
