/** Go's duration syntax, `1h30m`, `1.5s`, `250ms`. @returns nanoseconds, or undefined when it is none */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0' || text === '+0') return 0;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null || text.length > 64) return undefined;
  let total = 0;
  for (const [, number = '0', unit = 's'] of (match[2] ?? '').matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(number) * (nanoseconds[unit] ?? 0);
  }
  return Math.round(match[1] === '-' ? -total : total);
}

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
