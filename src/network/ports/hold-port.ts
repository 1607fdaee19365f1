import { Buffer } from 'node:buffer';
import koffi from 'koffi';
import { bytesOfIp, parseIp } from '#network/addresses/ip.ts';
import type { PublishedPort } from '#network/network.ts';
import { check, hasCode, lastErrno, libc, SystemError } from '#sys/libc.ts';

/**
 * Holding a host port without a process.
 *
 * Translation by nftables happens before a socket is looked up: it would silently take a port away from a server of
 * the host, and a server started later would wait for connections that never come. So the port is occupied by a socket
 * of the daemon for as long as it is published, as docker-proxy's listeners do; it costs one descriptor.
 *
 * TCP sockets listen and have SO_REUSEADDR, because those are the rules by which servers exclude one another: without
 * the option a connection that a former server left in TIME_WAIT would block the port for a minute, and a bound socket
 * that does not listen would not keep out servers that have set the option. A filter drops every packet, so no
 * connection is ever accepted here. The sockets end with the daemon; `restore` opens them again.
 */
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ATTACH_FILTER = 26;
const IPPROTO_SCTP = 132;
const BPF_RET = 0x06;

const sockFilter = koffi.struct({ code: 'uint16_t', jt: 'uint8_t', jf: 'uint8_t', k: 'uint32_t' });
const sockFprog = koffi.struct({ length: 'uint16_t', filter: koffi.pointer(sockFilter) });

const socketFunction = libc.func('int socket(int domain, int type, int protocol)');
const bindFunction = libc.func('int bind(int fd, const void *address, unsigned int length)');
const listenFunction = libc.func('int listen(int fd, int backlog)');
const closeFunction = libc.func('int close(int fd)');
const setIntegerOption = libc.func(
  'int setsockopt(int fd, int level, int name, const int *value, unsigned int length)',
);
const attachFilter = libc.func('setsockopt', 'int', [
  'int',
  'int',
  'int',
  koffi.pointer(sockFprog),
  'unsigned int',
]);
/** struct sock_fprog on 64-bit machines. */
const sockFprogBytes = 16;

export interface HeldPort extends Disposable {
  [Symbol.dispose](): void;
}

/**
 * @param port hostAddress is an IPv4 address, 0.0.0.0 for all
 * @throws SystemError EADDRINUSE, EADDRNOTAVAIL (no such address on this host), EMFILE
 */
export function holdPort(port: Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>): HeldPort {
  const stream = port.protocol !== 'udp';
  const number = port.protocol === 'sctp' ? IPPROTO_SCTP : 0;
  const fd: number = socketFunction(AF_INET, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, number);
  if (fd === -1) {
    const error = new SystemError('socket', lastErrno(), port.protocol);
    // Without SCTP in the kernel no process of the host can use the port either.
    if (port.protocol === 'sctp' && hasCode(error, 'EPROTONOSUPPORT')) return { [Symbol.dispose]() {} };
    throw error;
  }
  try {
    const subject = `${port.hostAddress}:${port.hostPort}/${port.protocol}`;
    if (stream) check('setsockopt', setIntegerOption(fd, SOL_SOCKET, SO_REUSEADDR, [1], 4), subject);
    const program = { length: 1, filter: [{ code: BPF_RET, jt: 0, jf: 0, k: 0 }] };
    check('setsockopt', attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sockFprogBytes), subject);
    const address = socketAddress(port.hostAddress, port.hostPort);
    check('bind', bindFunction(fd, address, address.length), subject);
    if (stream) check('listen', listenFunction(fd, 1), subject);
  } catch (error) {
    closeFunction(fd);
    throw error;
  }
  let open = true;
  return {
    [Symbol.dispose]() {
      if (open) closeFunction(fd);
      open = false;
    },
  };
}

/** struct sockaddr_in */
function socketAddress(address: string, port: number): Buffer {
  const buffer = Buffer.alloc(16);
  buffer.writeUInt16LE(AF_INET, 0);
  buffer.writeUInt16BE(port, 2);
  const parsed = parseIp(address);
  if (parsed) buffer.set(bytesOfIp(parsed), 4);
  return buffer;
}
