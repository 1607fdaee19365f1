import fs from 'node:fs';
import { hasCode } from '#sys/libc.ts';

/** Tells a conmon that waits on its start pipe to go on. One that has died says so on its sync pipe. */
export function sendGo(fd: number): void {
  try {
    fs.writeSync(fd, 'go');
  } catch (error) {
    if (!hasCode(error, 'EPIPE')) throw error;
  }
}

export function closing(fd: number): Disposable {
  return { [Symbol.dispose]: () => fs.closeSync(fd) };
}
