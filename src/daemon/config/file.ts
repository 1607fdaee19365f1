import fs from 'node:fs';
import { builderValues } from '#daemon/config/build-cache-rules.ts';
import type { Setting } from '#daemon/config/setting.ts';
import { settings } from '#daemon/config/settings.ts';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

/** Docker's daemon.json keys, as far as Dhow has them; each value as the texts that a flag would give. */
export function readConfigFile(path: string, mustExist: boolean): Map<string, string[]> {
  let text: string;
  try {
    text = fs.readFileSync(path, 'utf8');
  } catch (cause) {
    if (!mustExist && hasCode(cause, 'ENOENT')) return new Map();
    throw new DhowError('InvalidParameter', `cannot read the configuration file ${path}`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `the configuration file ${path} is not JSON`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DhowError('InvalidParameter', `the configuration file ${path} must hold one JSON object`);
  }
  return new Map(
    Object.entries(parsed).map(([key, value]): [string, string[]] => {
      const setting = settings.find((known) => known.key === key);
      if (!setting) {
        const keys = settings.map((known) => known.key).join(', ');
        throw new DhowError('InvalidParameter', `${path}: unknown key "${key}"; known are ${keys}`);
      }
      return [key, fileValue(path, setting, value)];
    }),
  );
}

function fileValue(path: string, setting: Setting, value: unknown): string[] {
  const wanted = { text: 'string', switch: 'boolean', number: 'number', list: 'object' }[setting.kind];
  const fits =
    setting.kind === 'list'
      ? Array.isArray(value) &&
        value.every((item) => typeof item === 'string' || isAddressPool(setting, item))
      : typeof value === wanted;
  if (setting.flag === 'log-opt' && isTextMap(value)) {
    return Object.entries(value).map(([name, text]) => `${name}=${text}`);
  }
  if (setting.flag === 'build-cache') return builderValues(path, value);
  if (setting.flag === 'add-runtime') return runtimeValues(path, value);
  if (!fits) {
    const expected = setting.kind === 'list' ? 'a list of strings' : `a ${wanted}`;
    throw new DhowError('InvalidParameter', `${path}: "${setting.key}" must be ${expected}`);
  }
  if (!Array.isArray(value)) return [String(value)];
  return value.map((item: unknown) =>
    isAddressPool(setting, item) ? `base=${item.base},size=${item.size}` : String(item),
  );
}

/** Docker writes them as an object by name, of objects with a path. */
function runtimeValues(path: string, value: unknown): string[] {
  const runtimes = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  if (runtimes === undefined) {
    throw new DhowError('InvalidParameter', `${path}: "runtimes" must be an object of runtimes by name`);
  }
  return Object.entries(runtimes).map(([name, runtime]: [string, unknown]) => {
    const { path: program, ...rest } = { path: undefined, ...(typeof runtime === 'object' ? runtime : {}) };
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) {
      throw new DhowError(
        'Unsupported',
        `${path}: "runtimes"."${name}"."${unknown}" is not supported: give a "path" alone, of a script where arguments are needed`,
      );
    }
    if (typeof program !== 'string') {
      throw new DhowError('InvalidParameter', `${path}: "runtimes"."${name}" must have a "path"`);
    }
    return `${name}=${program}`;
  });
}

/** Docker writes the options of logs as one object. */
function isTextMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  );
}

/** Docker writes these as objects. */
function isAddressPool(setting: Setting, item: unknown): item is { base: string; size: number } {
  return (
    setting.flag === 'default-address-pool' &&
    typeof item === 'object' &&
    item !== null &&
    'base' in item &&
    'size' in item
  );
}
