import { DhowError } from '#errors/error.ts';
import { isReservedName } from '#runtime/detect.ts';
import { parseGoDuration } from '#wire/go-duration.ts';

/** Texts of flags as values. All throw InvalidParameter naming the flag, or Unsupported. */

/** Whether base and size fit together is seen where the network settings are read. */
export function parseAddressPool(value: string): string {
  const match = /^base=([^,]+),size=(\d{1,3})$/.exec(value);
  if (match) return `${match[1]},${match[2]}`;
  throw refused('default-address-pool', value, 'base=<subnet>,size=<prefix length>');
}

export function parseMirror(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw refused('registry-mirror', value, 'an http or https URL');
  }
  return value;
}

/** Docker reserves the names that it gives itself; the others are names of directories too. */
export function parseRuntime(value: string): [name: string, program: string] {
  const [, name = '', program = ''] = /^([a-zA-Z0-9][\w.-]{0,63})=(\/[^\0]+)$/.exec(value) ?? [];
  const expected = 'name=/absolute/path';
  if (!name) throw refused('add-runtime', value, expected);
  if (isReservedName(name)) throw refused('add-runtime', value, `${expected}; the name ${name} is reserved`);
  return [name, program];
}

export function isRegistryName(text: string): boolean {
  return (
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/.test(text) && (/[.:]/.test(text) || text === 'localhost')
  );
}

export function parseConcurrency(flag: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw refused(flag, value, 'a whole number from 1 to 64');
}

export function parseSeconds(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= 3600) return number;
  throw refused(flag, value, 'a whole number of seconds up to 3600');
}

export function parseByteCount(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw refused(flag, value, 'a number of bytes');
}

export function parseMicroseconds(flag: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw refused(flag, value, 'a number of microseconds');
}

/** Milliseconds of a text such as `48h`, `1h30m` or `0`, as Go has them, and days. */
export function parseDuration(flag: string, value: string): number {
  const span = parseGoDuration(value, { d: 86_400e9 });
  if (span === undefined || span < 0) throw refused(flag, value, 'a duration such as 48h or 1h30m');
  return span / 1e6;
}

/** For a timer, which takes 24 days at most. */
export function parseInterval(flag: string, value: string): number {
  const ms = parseDuration(flag, value);
  if (ms === 0 || (ms >= 1000 && ms < 2 ** 31)) return ms;
  throw refused(flag, value, 'a duration from 1s to 24d, or 0');
}

export function parseSwitch(flag: string, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw refused(flag, value, 'true or false');
}

export function absolute(flag: string, value: string): string {
  if (!value.startsWith('/')) throw refused(flag, value, 'an absolute path');
  return value.length > 1 ? value.replace(/\/+$/, '') : value;
}

export function refused(flag: string, value: string, expected: string): DhowError {
  return new DhowError('InvalidParameter', `invalid value "${value}" for --${flag}: expected ${expected}`);
}
