import koffi from 'koffi';
import { bytesOfIp, parseIp } from '#network/addresses/ip.ts';
import type { PublishedPort } from '#network/network.ts';
import { check, hasCode, lastErrno, libc, SystemError } from '#sys/libc.ts';
import { socketAddress } from '#sys/stream-socket.ts';

/**
 * Holding a host port without a process.
 *
 * Translation by nftables happens before a socket is looked up: it would silently take a port away from a server of
 * the host, and a server started later would wait for connections that never come. So the port is occupied by a socket
 * of the daemon for as long as it is published, as docker-proxy's listeners do; it costs one descriptor.
 *
 * TCP sockets listen and have SO_REUSEADDR, because those are the rules by which servers exclude one another: without
 * the option a connection that a former server left in TIME_WAIT would block the port for a minute, and a bound socket
 * that does not listen would not keep out servers that have set the option. Where the kernel translates, a filter drops
 * every packet, so that no connection is ever accepted here. The sockets end with the daemon; `restore` opens them again.
 */
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ATTACH_FILTER = 26;
const SO_MEMINFO = 55;
/** Place of the number of dropped packets among the 32-bit numbers that SO_MEMINFO tells. */
const SK_MEMINFO_DROPS = 8;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPPROTO_SCTP = 132;
const BPF_RET = 0x06;
/** As many as the kernel lets wait (net.core.somaxconn). */
const backlog = 4096;

const sockFilter = koffi.struct({ code: 'uint16_t', jt: 'uint8_t', jf: 'uint8_t', k: 'uint32_t' });
const sockFprog = koffi.struct({ length: 'uint16_t', filter: koffi.pointer(sockFilter) });

const socketFunction = libc.func('int socket(int domain, int type, int protocol)');
const bindFunction = libc.func('int bind(int fd, const void *address, unsigned int length)');
const listenFunction = libc.func('int listen(int fd, int backlog)');
const closeFunction = libc.func('int close(int fd)');
const setIntegerOption = libc.func(
  'int setsockopt(int fd, int level, int name, const int *value, unsigned int length)',
);
const getsockoptFunction = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ unsigned int *length)',
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

type HostPort = Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>;

/**
 * Occupies a port.
 * @param answers whether the daemon takes what comes (TCP, UDP); otherwise every packet is dropped
 * @returns the socket's descriptor, which does not block; undefined when nobody on this host can use the port either, for want of the protocol
 * @throws SystemError EADDRINUSE, EADDRNOTAVAIL (no such address on this host), EAFNOSUPPORT (no IPv6), EMFILE
 */
export function holdPort(port: HostPort, answers: boolean): number | undefined {
  const address = parseIp(port.hostAddress);
  if (address === undefined) throw new Error(`no address: ${port.hostAddress}`);
  const six = address.family === 6;
  const stream = port.protocol !== 'udp';
  const protocol = port.protocol === 'sctp' ? IPPROTO_SCTP : 0;
  const type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd: number = socketFunction(six ? AF_INET6 : AF_INET, type, protocol);
  if (fd === -1) {
    const error = new SystemError('socket', lastErrno(), port.protocol);
    if (port.protocol === 'sctp' && hasCode(error, 'EPROTONOSUPPORT')) return undefined;
    throw error;
  }
  try {
    const subject = `${port.hostAddress} ${port.hostPort}/${port.protocol}`;
    const set = (level: number, name: number) =>
      check('setsockopt', setIntegerOption(fd, level, name, [1], 4), subject);
    if (six) set(IPPROTO_IPV6, IPV6_V6ONLY);
    if (stream) set(SOL_SOCKET, SO_REUSEADDR);
    if (!answers) {
      const program = { length: 1, filter: [{ code: BPF_RET, jt: 0, jf: 0, k: 0 }] };
      check('setsockopt', attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sockFprogBytes), subject);
    }
    const bytes = socketAddress(bytesOfIp(address), port.hostPort);
    check('bind', bindFunction(fd, bytes, bytes.length), subject);
    if (stream) check('listen', listenFunction(fd, answers ? backlog : 1), subject);
    return fd;
  } catch (error) {
    closeFunction(fd);
    throw error;
  }
}

/** Whether packets have come that the filter of a held port has dropped. */
export function hasDroppedPackets(fd: number): boolean {
  const numbers = Buffer.alloc(4 * (SK_MEMINFO_DROPS + 1));
  check(
    'getsockopt',
    getsockoptFunction(fd, SOL_SOCKET, SO_MEMINFO, numbers, [numbers.length]),
    'SO_MEMINFO',
  );
  return numbers.readUInt32LE(4 * SK_MEMINFO_DROPS) > 0;
}
