import { DhowError } from '#errors/error.ts';
import { parseGoDuration } from '#wire/go-duration.ts';

/** RFC 3339, also cut off after any of its parts but the date's; without a zone it is the daemon's own. */
const dateForm = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?)?(Z|[+-]\d\d:\d\d)?$/i;

/**
 * A moment in a query: seconds since the epoch with an optional fraction, or a date and time. undefined when absent.
 * @returns seconds since the epoch
 * @throws InvalidParameter
 */
export function decodeTimestamp(text: string, name: string): number | undefined {
  if (text === '') return undefined;
  if (/^-?\d{1,15}(\.\d{1,9})?$/.test(text)) return Number(text);
  const match = dateForm.exec(text);
  if (match !== null) {
    const [, date, hours = '00', minutes = '00', seconds = '00', fraction = '', zone = ''] = match;
    const moment = Date.parse(`${date}T${hours}:${minutes}:${seconds}${zone.toUpperCase()}`);
    if (!Number.isNaN(moment)) return moment / 1000 + Number(`0${fraction}`);
  }
  throw new DhowError(
    'InvalidParameter',
    `invalid value for "${name}": "${text.slice(0, 60)}" is not a timestamp`,
  );
}

/**
 * `until` of filters: a timestamp, or a Go duration such as `24h` or `1h30m` counted back from `now`.
 * @throws InvalidParameter
 */
export function decodeUntil(text: string, now: Date): Date {
  const span = text === '0' ? undefined : parseGoDuration(text);
  const seconds = span === undefined ? decodeTimestamp(text, 'until') : (now.getTime() - span / 1e6) / 1000;
  const moment = new Date((seconds ?? Number.NaN) * 1000);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new DhowError('InvalidParameter', `invalid value for "until": "${text.slice(0, 60)}" is no moment`);
}
