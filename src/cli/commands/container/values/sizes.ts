import { DhowError } from '#errors/error.ts';
import { parseGoDuration } from '#wire/go-duration.ts';

const exponents: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** `512m`, `1.5G`, `1024`, `64KiB`: bytes, units are powers of 1024. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)*) ?([kmgtp]?)i?b?$/i.exec(text);
  const bytes = Math.trunc(Number(match?.[1]) * 1024 ** (exponents[match?.[2]?.toLowerCase() ?? ''] ?? 0));
  if (match === null || !Number.isSafeInteger(bytes))
    throw new DhowError('InvalidParameter', `invalid size: '${text}'`);
  return bytes;
}

/** As `parseBytes`; `-1` is no limit. */
export function parseSwapBytes(text: string): number {
  return text === '-1' ? -1 : parseBytes(text);
}

/** `1.5` CPUs as billionths, exactly. */
export function parseCpus(text: string): number {
  const match = /^(\d*)(?:\.(\d*))?$/.exec(text);
  const [, whole = '', fraction = ''] = match ?? [];
  if (match === null || whole + fraction === '') {
    throw new DhowError('InvalidParameter', `failed to parse ${text} as a rational number`);
  }
  if (/[^0]/.test(fraction.slice(9))) throw new DhowError('InvalidParameter', 'value is too precise');
  const nano = Number(whole + fraction.slice(0, 9).padEnd(9, '0'));
  if (!Number.isSafeInteger(nano)) throw new DhowError('InvalidParameter', `value is too large: ${text}`);
  return nano;
}

/** A span as Go writes it (`1m30s`, `500ms`, `0`) in nanoseconds. */
export function parseDuration(text: string): number {
  const span = parseGoDuration(text);
  if (span === undefined || span < 0)
    throw new DhowError('InvalidParameter', `time: invalid duration "${text}"`);
  return span;
}
