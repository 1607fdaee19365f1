import { DhowError } from '#errors/error.ts';

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A moment as users write it for `--since` and `--until`, as the API wants it (seconds with nine decimals): a span before `now`
 * (`10m`, `1h30m`), RFC 3339 in the local zone unless it names one, perhaps shortened (`2024-05-06`, `2024-05-06T07:08`), or
 * seconds since the epoch.
 *
 * @throws InvalidParameter
 */
export function parseMoment(text: string, now: number): string {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const span = parseSpan(text);
  if (span !== undefined) return formatSeconds(now - span);
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

/** A Go duration in milliseconds. */
function parseSpan(text: string): number | undefined {
  if (!/^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let span = 0;
  for (const [, count, unit = ''] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    span += Number(count) * (units[unit] ?? 0);
  }
  return text.startsWith('-') ? -span : span;
}

function formatSeconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${seconds}.${String(Math.round((milliseconds - seconds * 1000) * 1e6)).padStart(9, '0')}`;
}
