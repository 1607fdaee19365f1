import { bytesOfIp, parseIp } from '#network/addresses/ip.ts';
import { check, libc } from '#sys/libc.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_SCTP = 132;
const backlog = 16;

const socketFunction = libc.func('int socket(int domain, int type, int protocol)');
const bindFunction = libc.func('int bind(int fd, const void *address, unsigned int length)');
const listenFunction = libc.func('int listen(int fd, int backlog)');
const connectFunction = libc.func('int connect(int fd, const void *address, unsigned int length)');

/**
 * Sockets of SCTP that look like TCP's (RFC 6458, one-to-one style), so that `net` can go on with their descriptors.
 * @throws SystemError EPROTONOSUPPORT when the kernel has no SCTP
 */
export function listenSctp(host: string, port: number): number {
  const fd = openSctp();
  const address = socketAddress(host, port);
  check('bind', bindFunction(fd, address, address.length), `${host} ${port}`);
  check('listen', listenFunction(fd, backlog), `${host} ${port}`);
  return fd;
}

/** Waits for the other side. @throws SystemError ECONNREFUSED */
export function connectSctp(host: string, port: number): number {
  const fd = openSctp();
  const address = socketAddress(host, port);
  check('connect', connectFunction(fd, address, address.length), `${host} ${port}`);
  return fd;
}

function openSctp(): number {
  return check('socket', socketFunction(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP), 'sctp');
}

function socketAddress(host: string, port: number): Buffer {
  const ip = parseIp(host);
  if (ip?.family !== 4) throw new Error(`no IPv4 address: ${host}`);
  const buffer = Buffer.alloc(16);
  buffer.writeUInt16LE(AF_INET, 0);
  buffer.writeUInt16BE(port, 2);
  buffer.set(bytesOfIp(ip), 4);
  return buffer;
}
