import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DaemonConfig } from '#daemon/config.ts';
import { everySocket, type HostAddress, parseHostAddress, unprotected } from '#daemon/listen/address.ts';
import type { PassedSocket } from '#daemon/listen/passed-sockets.ts';
import { socketGroup } from '#daemon/listen/socket-group.ts';
import { prepareSocketPath } from '#daemon/listen/socket-path.ts';
import { createTlsDoor } from '#daemon/listen/tls-door.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';

export interface ListenSettings
  extends Pick<DaemonConfig, 'hosts' | 'group' | 'tls' | 'tlsVerify' | 'tlsFiles' | 'insecureTcp'> {
  /** What a service manager listens on for us. */
  passed: readonly PassedSocket[];
}

/** The sockets on which the daemon is to be had. */
export interface Doors {
  /** With the ports that were chosen. */
  hosts: readonly string[];
  /** About those where nobody has to show who he is. */
  warnings: readonly string[];
  /** Accepts nothing any more; the connections that were accepted go on. */
  close(): void;
  /** See `TlsDoor.renew`. */
  renewCertificates(): void;
}

/** As `listen` of `node:net` takes it. */
type Target = { path: string } | { host: string; port: number } | { fd: number };

/** A dead peer is noticed within minutes, so that what it is attached to does not wait for it. */
const tcpOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/**
 * Whatever can be found wrong before anything is touched that may be another daemon's.
 * @throws InvalidParameter; Conflict when somebody listens there already
 */
export async function prepareListening(settings: ListenSettings): Promise<void> {
  socketGroup(settings.group);
  for (const host of settings.hosts) {
    const address = parseHostAddress(host);
    if (address.kind === 'unix') await prepareSocketPath(address.path);
    if (address.kind === 'activated') passedFor(host, address.which, settings.passed);
  }
}

/**
 * Opens all of them, or none. Unix sockets are for root and a group; who else may connect, by TCP, is up to the certificates.
 * @param enter takes the connections; their halves end independently
 * @throws InvalidParameter, Conflict, Unavailable naming the address
 */
export async function listen(
  settings: ListenSettings,
  enter: (connection: Duplex) => void,
  log: Log,
): Promise<Doors> {
  using undo = new DisposableStack();
  const door = settings.tls || settings.tlsVerify ? createTlsDoor(settings, enter, log) : undefined;
  const enterByTcp = door?.admit ?? enter;
  const hosts: string[] = [];
  const warnings: string[] = [];

  async function open(host: string, target: Target): Promise<void> {
    const listener = createServer({ allowHalfOpen: true, ...tcpOptions });
    await listening(listener, host, target);
    undo.defer(() => listener.close());
    // Of a unix socket its path, or null when it was passed.
    const bound = listener.address();
    const endpoint = typeof bound === 'object' && bound !== null ? bound : undefined;
    if (endpoint && !settings.tlsVerify && !settings.insecureTcp) throw unprotected(host);
    listener.on('connection', (socket: Socket) => (endpoint ? enterByTcp(socket) : enter(socket)));
    const name = endpoint ? `tcp://${formatEndpoint(endpoint)}` : host;
    hosts.push(name);
    if (endpoint && !settings.tlsVerify) {
      warnings.push(`WARNING: whoever reaches ${name} is root on this machine`);
    }
  }

  for (const host of settings.hosts) {
    for (const target of targetsOf(host, parseHostAddress(host), settings.passed)) {
      await open(host, target);
      if ('path' in target) fs.chownSync(target.path, 0, socketGroup(settings.group));
    }
  }
  for (const host of hosts) log.info('listening', { host });
  for (const warning of warnings) log.warn('listening to everybody', { warning });
  const held = undo.move();
  return { hosts, warnings, close: () => held.dispose(), renewCertificates: () => door?.renew() };
}

function targetsOf(host: string, address: HostAddress, passed: readonly PassedSocket[]): Target[] {
  if (address.kind === 'unix') return [{ path: address.path }];
  if (address.kind === 'tcp') return [{ host: address.host, port: address.port }];
  return passedFor(host, address.which, passed).map(({ fd }) => ({ fd }));
}

function passedFor(host: string, which: string, passed: readonly PassedSocket[]): PassedSocket[] {
  const found = passed.filter(({ number, name }) => [everySocket, number, name].includes(which));
  if (found.length > 0) return found;
  const names = passed.map(({ number, name }) => name || number).join(', ') || 'none at all';
  throw new DhowError(
    'InvalidParameter',
    `no service manager passed a socket for ${host} (it passed ${names}): start the daemon by its socket unit, or listen elsewhere with --host`,
  );
}

async function listening(listener: Server, host: string, target: Target): Promise<void> {
  const settled = once(listener, 'listening');
  // The file of a unix socket is made within this call: for root and its group alone, whatever the umask.
  const umask = process.umask(0o117);
  try {
    listener.listen(target);
  } finally {
    process.umask(umask);
  }
  try {
    await settled;
  } catch (cause) {
    const kind = 'fd' in target ? 'InvalidParameter' : 'Unavailable';
    throw new DhowError(kind, `cannot listen on ${host}: ${messageOf(cause)}`, { cause });
  }
}

function formatEndpoint({ address, port }: { address: string; port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
