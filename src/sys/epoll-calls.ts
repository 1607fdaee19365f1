import { check, hasCode, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

/** epoll(7), shared by the poller and its thread. */
const epollCreate = libc.func('int epoll_create1(int flags)');
const epollCtl = libc.func('int epoll_ctl(int epoll, int operation, int fd, const void *event)');
const epollWait = libc.func('int epoll_wait(int epoll, _Out_ void *events, int maximum, int timeout)');

export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
const EPOLLRDHUP = 0x2000;
const EPOLLET = 2 ** 31;
const EPOLLONESHOT = 1 << 30;
const EPOLL_CTL_DEL = 2;
const operations = { add: 1, modify: 3 } as const;

/** What a registration is for; the thread must know because only packets are received there. */
const purposes = ['packets', 'writable', 'exit'] as const;
export type Purpose = (typeof purposes)[number];

/** The key of the descriptor by which the thread is told to stop. */
export const wakeKey = 0;

/** A key of 31 bits that tells the purpose; numbers wrap around. Never `wakeKey`. */
export function makeKey(number: number, purpose: Purpose): number {
  return (((number % 0x1fffffff) << 2) | (purposes.indexOf(purpose) + 1)) >>> 0;
}

export function purposeOf(key: number): Purpose {
  return purposes[(key & 3) - 1] as Purpose;
}

/** The kernel packs `struct epoll_event` on x86-64 only. */
const packed = process.arch === 'x64';
const eventSize = packed ? 12 : 16;
const dataOffset = packed ? 4 : 8;

/** @throws SystemError EMFILE */
export function createEpoll(): number {
  return check('epoll_create1', epollCreate(O_CLOEXEC));
}

/**
 * Asks for one report about a descriptor (EPOLLONESHOT) under a key of at most 31 bits; no events: for none.
 * @throws SystemError
 */
export function watchDescriptor(
  epollFd: number,
  operation: keyof typeof operations,
  fd: number,
  key: number,
  events: number,
): void {
  control(epollFd, operation, fd, key, events | EPOLLONESHOT);
}

/**
 * Asks for a report whenever a socket has become readable or writable, or its peer has said its last (EPOLLET), until it is closed.
 * @throws SystemError
 */
export function watchEdges(epollFd: number, fd: number, key: number): void {
  control(epollFd, 'add', fd, key, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

function control(
  epollFd: number,
  operation: keyof typeof operations,
  fd: number,
  key: number,
  events: number,
): void {
  const event = Buffer.alloc(eventSize);
  event.writeUInt32LE(events >>> 0, 0);
  event.writeInt32LE(fd, dataOffset);
  event.writeInt32LE(key, dataOffset + 4);
  check('epoll_ctl', epollCtl(epollFd, operations[operation], fd, event));
}

/** Takes a descriptor out of the set. @throws SystemError */
export function unwatchDescriptor(epollFd: number, fd: number): void {
  check('epoll_ctl', epollCtl(epollFd, EPOLL_CTL_DEL, fd, null));
}

export interface DescriptorEvent {
  fd: number;
  key: number;
  events: number;
}

/** Blocks this thread until something is to be told, or does only look. @throws SystemError */
export function waitForEvents(
  epollFd: number,
  buffer: Buffer,
  until: 'event' | 'now' = 'event',
): DescriptorEvent[] {
  const maximum = Math.floor(buffer.length / eventSize);
  let count: number;
  try {
    count = check('epoll_wait', epollWait(epollFd, buffer, maximum, until === 'now' ? 0 : -1));
  } catch (error) {
    if (hasCode(error, 'EINTR')) return [];
    throw error;
  }
  return Array.from({ length: count }, (_, index) => {
    const start = index * eventSize;
    return {
      events: buffer.readUInt32LE(start),
      fd: buffer.readInt32LE(start + dataOffset),
      key: buffer.readInt32LE(start + dataOffset + 4),
    };
  });
}
