/** Nanoseconds of the units in which Go writes spans of time; both letters that look like µ are meant. */
const goUnits: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/**
 * Nanoseconds of a span as Go's time.ParseDuration reads it, `1h30m`, `-1.5s`, `0`: so are many values of the API and of what its
 * users write. undefined when the text is none.
 * @param more further units, in nanoseconds
 */
export function parseGoDuration(
  text: string,
  more: Readonly<Record<string, number>> = {},
): number | undefined {
  const [, sign, span = ''] = /^([+-]?)(.{1,100})$/.exec(text) ?? [];
  if (span === '0') return 0;
  let nanoseconds = 0;
  let read = 0;
  for (const [part, count, unit = ''] of span.matchAll(/(\d+\.?\d*|\.\d+)([a-zµμ]+)/g)) {
    nanoseconds += Number(count) * (goUnits[unit] ?? more[unit] ?? Number.NaN);
    read += part.length;
  }
  if (read === 0 || read < span.length || Number.isNaN(nanoseconds)) return undefined;
  return Math.round(sign === '-' ? -nanoseconds : nanoseconds);
}

/** Nanoseconds as Go's time.Duration prints them: `1h0m0.5s`, `20ms`, `0s`. */
export function formatGoDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (magnitude < 1_000n) return `${sign}${magnitude}ns`;
  if (magnitude < 1_000_000n) return `${sign}${decimal(magnitude, 1_000n)}µs`;
  if (magnitude < 1_000_000_000n) return `${sign}${decimal(magnitude, 1_000_000n)}ms`;
  const seconds = decimal(magnitude % 60_000_000_000n, 1_000_000_000n);
  const minutes = magnitude / 60_000_000_000n;
  if (minutes === 0n) return `${sign}${seconds}s`;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${hours}h${minutes % 60n}m${seconds}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(value % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return digits === '' ? String(value / unit) : `${value / unit}.${digits}`;
}
