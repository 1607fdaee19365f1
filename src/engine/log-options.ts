import { DhowError } from '#errors/error.ts';

/** How much of a container's log is kept. */
export interface LogLimits {
  /** A file that has grown to this size is put aside and a new one begun. undefined: never */
  maxBytes: number | undefined;
  /** Files in all, with the one being written. */
  keep: number;
}

/** Docker keeps everything for ever unless it is told otherwise, and fills disks so. */
export const defaultLogLimits: LogLimits = { maxBytes: 100_000_000, keep: 5 };

const maxKeep = 1000;
const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/**
 * Options of the drivers `json-file` and `local`: `max-size` (a size, `0` or `-1` for no limit) and `max-file`.
 * @throws InvalidParameter for a wrong value; Unsupported naming an option that Docker has and Dhow has not
 */
export function readLogLimits(
  options: Readonly<Record<string, string>>,
  defaults: LogLimits = defaultLogLimits,
): LogLimits {
  let { maxBytes, keep } = defaults;
  for (const [name, value] of Object.entries(options)) {
    if (name === 'max-size') maxBytes = parseSize(value);
    else if (name === 'max-file') keep = parseKeep(value);
    else if (!isWithoutEffect(name, value)) {
      throw new DhowError(
        'Unsupported',
        `log option "${name.slice(0, 60)}" is not supported: use max-size and max-file`,
      );
    }
  }
  return { maxBytes, keep };
}

/** What says the same as leaving it out. */
function isWithoutEffect(name: string, value: string): boolean {
  return (name === 'compress' && value === 'false') || (name === 'mode' && value === 'blocking');
}

/** As go-units' FromHumanSize: powers of 1000. */
function parseSize(text: string): number | undefined {
  if (text === '-1' || text === '0') return undefined;
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([bkmgt]?)b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN));
  if (digits !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new DhowError(
    'InvalidParameter',
    `invalid log option max-size "${text.slice(0, 60)}": expected a size such as 10m`,
  );
}

function parseKeep(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= maxKeep) return count;
  throw new DhowError(
    'InvalidParameter',
    `invalid log option max-file "${text.slice(0, 60)}": expected a number from 1 to ${maxKeep}`,
  );
}
