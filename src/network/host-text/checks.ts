import { isIP } from 'node:net';
import { DhowError } from '#errors/error.ts';

/** Of one of the host's files: resolv.conf(5) knows no larger ones; more of a stranger's text is not taken over. */
export const maximumHostTextLength = 64 * 1024;
const hostNamePattern = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252})$/;

/** @throws InvalidParameter */
export function checkHostName(name: string, what: string): string {
  if (isHostName(name)) return name;
  throw new DhowError('InvalidParameter', `invalid ${what} "${shorten(name)}"`);
}

/** @throws InvalidParameter */
export function checkAddress(address: string, what: string): string {
  if (isIP(address) !== 0) return address;
  throw new DhowError('InvalidParameter', `invalid IP address in ${what}: "${shorten(address)}"`);
}

export function isHostName(text: string): boolean {
  return hostNamePattern.test(text);
}

/** For messages. */
export function shorten(text: string): string {
  return text.slice(0, 60);
}
