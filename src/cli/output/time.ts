/**
 * A moment as Go's `time.Time` prints it in the local time zone: `2024-05-06 07:08:09.5 +0200 CEST`. Milliseconds since the
 * epoch, with an optional fraction of a second as digits.
 */
export function formatGoTime(milliseconds: number, fraction = ''): string {
  const date = new Date(milliseconds);
  const shown = fraction.replace(/0+$/, '');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return `${formatDay(date)} ${clock}${shown === '' ? '' : `.${shown}`} ${formatOffset(date, '')} ${zoneName(date)}`;
}

/** RFC 3339 in the local time zone: `2024-05-06T07:08:09+02:00`. */
export function formatRfc3339(milliseconds: number, fraction = ''): string {
  const date = new Date(milliseconds);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  const offset = formatOffset(date, ':');
  return `${formatDay(date)}T${clock}${fraction === '' ? '' : `.${fraction}`}${offset === '+00:00' ? 'Z' : offset}`;
}

function formatDay(date: Date): string {
  return `${String(date.getFullYear()).padStart(4, '0')}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function formatOffset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const magnitude = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.trunc(magnitude / 60))}${separator}${twoDigits(magnitude % 60)}`;
}

// Each of these knows the abbreviations of its own part of the world, and calls the others `GMT+1`.
const locales = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'en-NZ', 'en-PH'];

/** The zone's abbreviation; its offset where it has none, as Go does. */
function zoneName(date: Date): string {
  if (
    date.getTimezoneOffset() === 0 &&
    /^(?:UTC|Etc\/)/.test(Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC')
  ) {
    return 'UTC';
  }
  for (const locale of locales) {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date);
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  const offset = formatOffset(date, '');
  return offset.endsWith('00') ? offset.slice(0, 3) : offset;
}

/** Parses RFC 3339; keeps the digits after the second, which a Date would cut at milliseconds. Undefined when it is not one. */
export function parseTimestamp(text: string): { milliseconds: number; fraction: string } | undefined {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  return { milliseconds, fraction: /\.(\d+)/.exec(text)?.[1] ?? '' };
}
