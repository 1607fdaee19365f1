const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
};
const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)/g;
const whole = new RegExp(`^(${part.source})+$`);

/** Nanoseconds of a text such as `1h30m`; undefined when the text is no duration. */
export function parseDuration(written: string): number | undefined {
  if (written === '0') return 0;
  if (!whole.test(written)) return undefined;
  let sum = 0;
  for (const [, amount, unit = ''] of written.matchAll(part)) sum += Number(amount) * (units[unit] ?? 0);
  return Math.round(sum);
}

/** As Go prints a duration: `1m30s`, `500ms`, `0s`. The digest of a service depends on this notation. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  for (const unit of ['ns', 'µs', 'ms'] as const) {
    const size = units[unit] ?? 1;
    if (nanoseconds < size * 1000) return `${nanoseconds / size}${unit}`;
  }
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${(nanoseconds - minutes * 60e9) / 1e9}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}
