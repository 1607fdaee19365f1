import fs from 'node:fs';
import { check, lastErrno, libc, SystemError } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

/** TCP connections as descriptors that do not block, for what Node's `net` does not give away; tcp(7), ip(7), ipv6(7). */
const socket = libc.func('int socket(int domain, int type, int protocol)');
const accept4 = libc.func('int accept4(int fd, void *address, void *length, int flags)');
const connect = libc.func('int connect(int fd, const void *address, uint length)');
const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint *length)',
);
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint length)');

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_LINGER = 13;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const EINTR = 4;
const EAGAIN = 11;
const ECONNABORTED = 103;
const EINPROGRESS = 115;

/** struct sockaddr_in, or sockaddr_in6 without flow label and scope. @param address of 4 or 16 bytes */
export function socketAddress(address: Uint8Array, port: number): Buffer {
  const six = address.length === 16;
  const buffer = Buffer.alloc(six ? 28 : 16);
  buffer.writeUInt16LE(six ? AF_INET6 : AF_INET, 0);
  buffer.writeUInt16BE(port, 2);
  buffer.set(address, six ? 8 : 4);
  return buffer;
}

/**
 * Takes a connection from a listening socket that does not block.
 * @returns a descriptor that the caller closes; undefined when none waits
 * @throws SystemError EMFILE, ENFILE, ENOBUFS, ENOMEM
 */
export function acceptConnection(listener: number): number | undefined {
  for (;;) {
    const fd: number = accept4(listener, null, null, SOCK_NONBLOCK | O_CLOEXEC);
    if (fd !== -1) {
      sendAtOnce(fd);
      return fd;
    }
    const errno = lastErrno();
    if (errno === EAGAIN) return undefined;
    // ECONNABORTED: a client that did not wait.
    if (errno !== EINTR && errno !== ECONNABORTED) throw new SystemError('accept4', errno);
  }
}

/**
 * Begins to connect; when the socket has become writable, `connectionError` tells how it went.
 * @param address as `socketAddress` makes it
 * @returns a descriptor that the caller closes
 * @throws SystemError
 */
export function beginConnection(address: Buffer): number {
  const type = SOCK_STREAM | SOCK_NONBLOCK | O_CLOEXEC;
  const fd = check('socket', socket(address.readUInt16LE(0), type, 0));
  sendAtOnce(fd);
  if (connect(fd, address, address.length) === -1 && lastErrno() !== EINPROGRESS) {
    const error = new SystemError('connect', lastErrno());
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** What is pending on the socket (SO_ERROR), which it forgets by this. */
export function connectionError(fd: number): SystemError | undefined {
  const value = Buffer.alloc(4);
  check('getsockopt', getsockopt(fd, SOL_SOCKET, SO_ERROR, value, [value.length]));
  const errno = value.readInt32LE(0);
  return errno === 0 ? undefined : new SystemError('connect', errno);
}

/** Closes the descriptor in a way that tells the peer of a failure (RST). */
export function resetConnection(fd: number): void {
  // struct linger: on, for no time.
  const linger = Buffer.alloc(8);
  linger.writeInt32LE(1, 0);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, linger, linger.length);
  fs.closeSync(fd);
}

function sendAtOnce(fd: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1, 0);
  check('setsockopt', setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, on, on.length));
}
