import fs from 'node:fs';
import path from 'node:path';
import { check, lastErrno, libc, SystemError } from '#sys/libc.ts';
import { O_CLOEXEC, O_PATH } from '#sys/open-in-root.ts';

/**
 * Unix sockets that keep packet borders (SOCK_SEQPACKET), which Node's `net` cannot open. conmon offers its attach
 * socket as one. Every call here returns at once.
 */
const socket = libc.func('int socket(int domain, int type, int protocol)');
const connect = libc.func('int connect(int fd, const void *address, uint length)');
const send = libc.func('long send(int fd, const void *bytes, size_t length, int flags)');
const recv = libc.func('long recv(int fd, _Out_ void *bytes, size_t length, int flags)');
const shutdown = libc.func('int shutdown(int fd, int how)');

const fcntl = libc.func('int fcntl(int fd, int command, int argument)');

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const F_DUPFD_CLOEXEC = 1030;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EINTR = 4;
const EAGAIN = 11;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

/**
 * Connects to the socket at `socketPath`, of any length: the kernel's limit of 107 bytes is avoided by way of the directory's descriptor.
 * @returns a descriptor that the caller closes
 * @throws SystemError (ENOENT, ECONNREFUSED; EAGAIN when the listener's queue is full)
 */
export function connectSeqpacket(socketPath: string): number {
  const directory = fs.openSync(path.dirname(socketPath), O_PATH | O_CLOEXEC);
  try {
    const fd = check('socket', socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | O_CLOEXEC, 0));
    const address = Buffer.alloc(110);
    address.writeUInt16LE(AF_UNIX, 0);
    const length = address.write(`/proc/self/fd/${directory}/${path.basename(socketPath)}`, 2);
    if (connect(fd, address, 2 + length + 1) === -1) {
      const error = new SystemError('connect', lastErrno(), socketPath);
      fs.closeSync(fd);
      throw error;
    }
    return fd;
  } finally {
    fs.closeSync(directory);
  }
}

/** Sends one packet. @returns false when the receiver's buffer is full. @throws SystemError EPIPE when it has closed */
export function sendPacket(fd: number, bytes: Uint8Array): boolean {
  for (;;) {
    if (Number(send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0) return true;
    const errno = lastErrno();
    if (errno === EAGAIN) return false;
    if (errno !== EINTR) throw new SystemError('send', errno);
  }
}

/**
 * Receives one packet into `bytes`; what does not fit is lost.
 * @returns its length, 0 at the end, undefined when none is there
 */
export function receivePacket(fd: number, bytes: Uint8Array): number | undefined {
  for (;;) {
    const length = Number(recv(fd, bytes, bytes.length, MSG_DONTWAIT));
    if (length >= 0) return length;
    const errno = lastErrno();
    if (errno === EAGAIN) return undefined;
    // A peer that died with our input unread resets the connection: for the reader that is the end.
    if (errno !== EINTR) return 0;
  }
}

/** Half- or full-closes; a connection that the peer has closed already is fine. */
export function shutdownSocket(fd: number, how: typeof SHUT_WR | typeof SHUT_RDWR): void {
  shutdown(fd, how);
}

/** A further descriptor of the same socket; the caller closes it. @throws SystemError EMFILE */
export function duplicate(fd: number): number {
  return check('fcntl', fcntl(fd, F_DUPFD_CLOEXEC, 0));
}
