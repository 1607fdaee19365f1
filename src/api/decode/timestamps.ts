import { DhowError } from '#errors/error.ts';

/**
 * A moment in a query: seconds since the epoch with an optional fraction, or RFC 3339. undefined when absent.
 * @returns seconds since the epoch
 * @throws InvalidParameter
 */
export function decodeTimestamp(text: string, name: string): number | undefined {
  if (text === '') return undefined;
  if (/^-?\d{1,15}(\.\d{1,9})?$/.test(text)) return Number(text);
  const milliseconds = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return milliseconds / 1000;
  throw new DhowError(
    'InvalidParameter',
    `invalid value for "${name}": "${text.slice(0, 60)}" is not a timestamp`,
  );
}

/**
 * `until` of prune: a timestamp, or a Go duration such as `24h` or `1h30m` counted back from `now`.
 * @throws InvalidParameter
 */
export function decodeUntil(text: string, now: Date): Date {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    let total = 0;
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
      total += Number(amount) * units[unit as keyof typeof units];
    }
    return new Date(now.getTime() - total);
  }
  return new Date((decodeTimestamp(text, 'until') ?? 0) * 1000);
}
