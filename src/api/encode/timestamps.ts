/** What Go's encoder writes for a moment that never was. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** Seconds since the epoch of an image's RFC 3339 text; 0 when it is absent or malformed. */
export function epochSeconds(text: string | undefined): number {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}

export function epochSecondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** A log's timestamp (RFC 3339, any offset) in UTC with nine digits, as `logs --timestamps` shows it. */
export function logTimestamp(text: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return text;
  const [, whole, fraction = '', zone = 'Z'] = match;
  const utc =
    zone === 'Z' || zone === '+00:00'
      ? whole
      : new Date(`${whole}${zone}`).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  return `${utc}.${fraction.padEnd(9, '0')}Z`;
}
