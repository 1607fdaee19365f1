import { parseGoDuration } from '#wire/go-duration.ts';

const longUnits = { d: 24 * 3600e9, w: 7 * 24 * 3600e9 };

/** Nanoseconds of a text such as `1h30m` or `2w`; undefined when the text is no duration. */
export function parseDuration(written: string): number | undefined {
  const span = parseGoDuration(written, longUnits);
  return span === undefined || span < 0 ? undefined : span;
}
