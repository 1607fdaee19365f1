import { DhowError } from '#errors/error.ts';

const powers: Readonly<Record<string, number>> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Bytes of a text such as `10G`, `512m` or `4096`; units are powers of 1024. @throws InvalidParameter */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?([bkmgtp]?)(?:i?b)?$/i.exec(text.trim());
  const power = powers[match?.[2]?.toLowerCase() ?? '-'];
  const bytes = Math.floor(Number(match?.[1]) * 1024 ** (power ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new DhowError('InvalidParameter', `invalid size: "${text.slice(0, 60)}"`);
}
