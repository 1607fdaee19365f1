import fs from 'node:fs';
import path from 'node:path';
import koffi from 'koffi';
import { check, lastErrno, libc, SystemError } from '#sys/libc.ts';
import { O_CLOEXEC, O_PATH } from '#sys/open-in-root.ts';

/**
 * Unix sockets that keep packet borders, which Node's `net` cannot open: with a connection (SOCK_SEQPACKET), as conmon's attach socket,
 * and without (SOCK_DGRAM), as those of log daemons. Every call here returns at once.
 */
const socket = libc.func('int socket(int domain, int type, int protocol)');
const connect = libc.func('int connect(int fd, const void *address, uint length)');
const send = libc.func('long send(int fd, const void *bytes, size_t length, int flags)');
const recv = libc.func('long recv(int fd, _Out_ void *bytes, size_t length, int flags)');
const shutdown = libc.func('int shutdown(int fd, int how)');

const fcntl = libc.func('int fcntl(int fd, int command, int argument)');

const messageHeader = koffi.struct({
  name: 'void *',
  nameLength: 'uint',
  parts: 'void *',
  partCount: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
});
const sendmsg = libc.func('sendmsg', 'long', ['int', koffi.pointer(messageHeader), 'int']);

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SOCK_NONBLOCK = 0o4000;
const F_DUPFD_CLOEXEC = 1030;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EINTR = 4;
const EAGAIN = 11;
const ECONNRESET = 104;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

/**
 * Connects to the socket at `socketPath`, of any length: the kernel's limit of 107 bytes is avoided by way of the directory's descriptor.
 * @returns a descriptor that the caller closes
 * @throws SystemError (ENOENT, ECONNREFUSED; EAGAIN when the listener's queue is full)
 */
export function connectSeqpacket(socketPath: string): number {
  return connectTo(socketPath, SOCK_SEQPACKET);
}

/**
 * The same to a socket that takes datagrams; an EPROTOTYPE tells that it is of another kind. What begins with `@` is a name of Linux's
 * abstract name space instead of a path.
 */
export function connectDatagram(socketPath: string): number {
  if (socketPath.startsWith('@')) return connectAt(socketPath.replace('@', '\0'), SOCK_DGRAM, socketPath);
  return connectTo(socketPath, SOCK_DGRAM);
}

function connectTo(socketPath: string, type: number): number {
  const directory = fs.openSync(path.dirname(socketPath), O_PATH | O_CLOEXEC);
  try {
    return connectAt(`/proc/self/fd/${directory}/${path.basename(socketPath)}\0`, type, socketPath);
  } finally {
    fs.closeSync(directory);
  }
}

function connectAt(name: string, type: number, subject: string): number {
  const fd = check('socket', socket(AF_UNIX, type | SOCK_NONBLOCK | O_CLOEXEC, 0));
  const address = Buffer.from(`\0\0${name}`);
  address.writeUInt16LE(AF_UNIX, 0);
  if (connect(fd, address, address.length) === -1) {
    const error = new SystemError('connect', lastErrno(), subject);
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** Sends one packet. @returns false when the receiver's buffer is full. @throws SystemError EPIPE when it has closed */
export function sendPacket(fd: number, bytes: Uint8Array): boolean {
  return isSent(() => Number(send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL)));
}

function isSent(attempt: () => number): boolean {
  for (;;) {
    if (attempt() >= 0) return true;
    const errno = lastErrno();
    if (errno === EAGAIN) return false;
    if (errno !== EINTR) throw new SystemError('send', errno);
  }
}

/** Sends a descriptor in a packet without bytes (unix(7), cmsg(3)). @returns false when the receiver's buffer is full. @throws SystemError */
export function passDescriptor(fd: number, passed: number): boolean {
  // struct cmsghdr on 64 bits: its length, level and type, the descriptor, padding.
  const control = Buffer.alloc(24);
  control.writeBigUInt64LE(20n);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(passed, 16);
  const header = {
    name: null,
    nameLength: 0,
    parts: null,
    partCount: 0,
    control,
    controlLength: 24,
    flags: 0,
  };
  return isSent(() => Number(sendmsg(fd, header, MSG_DONTWAIT | MSG_NOSIGNAL)));
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
    // A peer that went with our input unread resets the connection. The kernel tells that once, before what the peer had sent.
    if (errno !== EINTR && errno !== ECONNRESET) return 0;
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
