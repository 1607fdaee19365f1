import { DhowError } from '#errors/error.ts';
import { parseGoDuration } from '#wire/go-duration.ts';

/**
 * A moment as users write it for `--since` and `--until`, as the API wants it (seconds with nine decimals): a span before `now`
 * (`10m`, `1h30m`), RFC 3339 in the local zone unless it names one, perhaps shortened (`2024-05-06`, `2024-05-06T07:08`), or
 * seconds since the epoch.
 *
 * @throws InvalidParameter
 */
export function parseMoment(text: string, now: number): string {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const span = parseGoDuration(text);
  if (span !== undefined) return formatSeconds(now - span / 1e6);
  const match =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d))?(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (match !== null) {
    const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
    const milliseconds = Date.parse(`${day}T${hour}:${minute}:${second}${zone}`);
    if (!Number.isNaN(milliseconds)) return `${Math.floor(milliseconds / 1000)}.${fraction.padEnd(9, '0')}`;
  }
  throw new DhowError(
    'InvalidParameter',
    `"${text}" is no moment: give a span such as 10m, a time such as 2024-05-06T07:08:09Z, or seconds since the epoch`,
  );
}

function formatSeconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${seconds}.${String(Math.round((milliseconds - seconds * 1000) * 1e6)).padStart(9, '0')}`;
}
