import { DhowError } from '#errors/error.ts';
import { compilePattern } from '#log-drivers/attributes.ts';
import { readSyslogOptions, type SyslogSettings, syslogOptionNames } from '#log-drivers/syslog/options.ts';
import { checkTag } from '#log-drivers/tag.ts';

export const logDrivers = ['json-file', 'local', 'journald', 'syslog', 'none'] as const;
export type LogDriver = (typeof logDrivers)[number];
export type LogOptions = Readonly<Record<string, string>>;

/** What of a container's output is kept in files. Output that goes elsewhere waits in them, and `logs` reads them. */
export interface LogLimits {
  /** A file that has grown to this size is put aside and a new one begun. undefined: never */
  maxBytes: number | undefined;
  /** Files in all, with the one being written. */
  keep: number;
  /** Whether those put aside are compressed. */
  compress: boolean;
}

export type DestinationSettings = { kind: 'journald' } | ({ kind: 'syslog' } & SyslogSettings);

export interface LogPlan extends LogLimits {
  /** Whether `logs` may read the files. */
  readable: boolean;
  /** Where else the output goes. */
  destination?: DestinationSettings;
}

const chosenAttributes = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const limitNames = ['max-size', 'max-file', 'compress'];
const cacheNames = ['cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress'];
const modeNames = ['mode', 'max-buffer-size'];

const optionsOf: Readonly<Record<LogDriver, readonly string[]>> = {
  'json-file': [...limitNames, ...chosenAttributes],
  local: limitNames,
  journald: [...cacheNames, ...chosenAttributes],
  syslog: [...cacheNames, ...chosenAttributes, ...syslogOptionNames],
  none: [],
};

/** Docker keeps everything for ever unless it is told otherwise, and fills disks so. */
const fileLimits: LogLimits = { maxBytes: 100_000_000, keep: 5, compress: false };
const defaultLimits: Readonly<Record<LogDriver, LogLimits>> = {
  'json-file': fileLimits,
  local: { ...fileLimits, compress: true },
  journald: { maxBytes: 20_000_000, keep: 5, compress: true },
  syslog: { maxBytes: 20_000_000, keep: 5, compress: true },
  none: fileLimits,
};

const maxKeep = 1000;
const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** @throws Unsupported for a driver that Dhow does not have */
export function parseLogDriver(text: string): LogDriver {
  const driver = logDrivers.find((known) => known === text);
  if (driver !== undefined) return driver;
  throw new DhowError(
    'Unsupported',
    `logging driver "${text.slice(0, 60)}" is not supported: use one of ${logDrivers.join(', ')}`,
  );
}

/**
 * The options of a log driver, as `--log-opt` takes them.
 * @throws InvalidParameter naming the option that is wrong, or that this driver does not have
 */
export function readLogOptions(driver: LogDriver, options: LogOptions): LogPlan {
  const known = [...optionsOf[driver], ...modeNames];
  for (const name of Object.keys(options)) {
    if (driver === 'none') throw new DhowError('InvalidParameter', 'invalid logging opts for driver none');
    if (known.includes(name)) continue;
    throw new DhowError(
      'InvalidParameter',
      `unknown log opt '${name.slice(0, 60)}' for ${driver} log driver: it has ${known.join(', ')}`,
    );
  }
  checkMode(options);
  for (const name of ['labels-regex', 'env-regex']) compilePattern(name, options[name]);
  if (options['tag']) checkTag(options['tag']);
  const isFile = optionsOf[driver].includes('max-size');
  const limits = readLimits(options, isFile ? '' : 'cache-', defaultLimits[driver]);
  return {
    ...limits,
    readable: driver !== 'none' && !readSwitch('cache-disabled', options['cache-disabled'], false),
    ...(driver === 'journald' ? { destination: { kind: 'journald' } } : {}),
    ...(driver === 'syslog' ? { destination: { kind: 'syslog', ...readSyslogOptions(options) } } : {}),
  };
}

/** What a container is given that names a driver, or none, and some options; as Docker merges them. */
export function withLogDefaults(
  given: { driver: LogDriver | ''; options: LogOptions },
  defaults: { driver: LogDriver; options: LogOptions },
): { driver: LogDriver; options: Record<string, string> } {
  const driver = given.driver || defaults.driver;
  const inherited = Object.entries(defaults.options).filter(
    ([name]) => driver === defaults.driver || (cacheNames.includes(name) && optionsOf[driver].includes(name)),
  );
  return { driver, options: { ...Object.fromEntries(inherited), ...given.options } };
}

function readLimits(options: LogOptions, prefix: string, defaults: LogLimits): LogLimits {
  const size = options[`${prefix}max-size`];
  const files = options[`${prefix}max-file`];
  const given = options[`${prefix}compress`];
  const maxBytes = size === undefined ? defaults.maxBytes : parseSize(`${prefix}max-size`, size);
  const keep = files === undefined ? defaults.keep : parseKeep(`${prefix}max-file`, files);
  const hasOthers = keep > 1 && maxBytes !== undefined;
  const compress = readSwitch(`${prefix}compress`, given, defaults.compress && hasOthers);
  if (compress && !hasOthers) {
    throw new DhowError(
      'InvalidParameter',
      `${prefix}compress cannot be true when ${prefix}max-file is less than 2 or ${prefix}max-size is not set`,
    );
  }
  return { maxBytes, keep, compress };
}

/**
 * No container of Dhow waits for its log, and what was not sent yet waits on the disk: more than any buffer of Docker's holds.
 * So both modes are kept to, whichever is asked for.
 */
function checkMode(options: LogOptions): void {
  const { mode, 'max-buffer-size': buffer } = options;
  if (mode !== undefined && mode !== 'blocking' && mode !== 'non-blocking') {
    throw new DhowError(
      'InvalidParameter',
      `logger: logging mode not supported: ${mode.slice(0, 60)} (expected blocking or non-blocking)`,
    );
  }
  if (buffer === undefined) return;
  if (mode !== 'non-blocking') {
    throw new DhowError(
      'InvalidParameter',
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    );
  }
  parseSize('max-buffer-size', buffer);
}

function readSwitch(name: string, text: string | undefined, usual: boolean): boolean {
  if (text === undefined) return usual;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new DhowError(
    'InvalidParameter',
    `invalid log option ${name} "${text.slice(0, 60)}": expected true or false`,
  );
}

/** As go-units' FromHumanSize: powers of 1000. */
function parseSize(name: string, text: string): number | undefined {
  if (text === '-1' || text === '0') return undefined;
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([bkmgt]?)b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN));
  if (digits !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new DhowError(
    'InvalidParameter',
    `invalid log option ${name} "${text.slice(0, 60)}": expected a size such as 10m`,
  );
}

function parseKeep(name: string, text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= maxKeep) return count;
  throw new DhowError(
    'InvalidParameter',
    `invalid log option ${name} "${text.slice(0, 60)}": expected a number from 1 to ${maxKeep}`,
  );
}
