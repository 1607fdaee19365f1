import fs from 'node:fs';
import { check, libc } from '#sys/libc.ts';
import { O_CLOEXEC } from '#sys/open-in-root.ts';

/** Unix sockets of datagrams (SOCK_DGRAM), which Node's `net` cannot open. Service managers listen on such. */
const socket = libc.func('int socket(int domain, int type, int protocol)');
const sendto = libc.func(
  'long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint addressLength)',
);

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/**
 * Sends one datagram, without waiting.
 * @param address a path, or with `@` in front a name of Linux's abstract name space
 * @throws SystemError (ENOENT, ECONNREFUSED without a listener, EAGAIN when its queue is full, EINVAL for more than 108 bytes of address)
 */
export function sendDatagram(address: string, text: string): void {
  const name = Buffer.from(address.replace(/^@/, '\0'));
  const socketAddress = Buffer.alloc(2 + name.length);
  socketAddress.writeUInt16LE(AF_UNIX, 0);
  name.copy(socketAddress, 2);
  const bytes = Buffer.from(text);
  const fd = check('socket', socket(AF_UNIX, SOCK_DGRAM | O_CLOEXEC, 0));
  try {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    check(
      'sendto',
      Number(sendto(fd, bytes, bytes.length, flags, socketAddress, socketAddress.length)),
      address,
    );
  } finally {
    fs.closeSync(fd);
  }
}
