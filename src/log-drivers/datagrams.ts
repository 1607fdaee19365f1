import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '#sys/libc.ts';
import { sealBytes } from '#sys/sealed-file.ts';
import { connectDatagram, passDescriptor, sendPacket } from '#sys/seqpacket.ts';

/** Sends messages to a datagram socket in the file system. */
export interface Datagrams {
  /** Waits while the receiver's queue is full. @throws SystemError when it is gone, EMSGSIZE when the message is too large */
  send(message: Uint8Array): Promise<void>;
  /** The same as a sealed file in memory, of any size, for a receiver that takes these (journald). */
  sendAsFile(message: Uint8Array): Promise<void>;
  close(): void;
}

/** The kernel tells nobody when a queue of datagrams has room again. */
const pollMs = 2;

/** @throws SystemError when nobody listens */
export function openDatagrams(path: string): Datagrams {
  const fd = connectDatagram(path);
  let closed = false;
  async function untilSent(send: () => boolean): Promise<void> {
    for (;;) {
      // The descriptor's number may be another file's by now.
      if (closed) throw new Error(`the connection to ${path} was closed`);
      if (send()) return;
      await delay(pollMs);
    }
  }
  return {
    send: (message) => untilSent(() => sendPacket(fd, message)),
    async sendAsFile(message) {
      const file = sealBytes(message, 'log-record');
      try {
        await untilSent(() => passDescriptor(fd, file));
      } finally {
        fs.closeSync(file);
      }
    },
    close() {
      if (!closed) fs.closeSync(fd);
      closed = true;
    },
  };
}

/** A message that a datagram cannot hold. */
export function isTooLarge(error: unknown): boolean {
  return hasCode(error, 'EMSGSIZE', 'ENOBUFS');
}
