import { parseDuration, refused } from '#daemon/config/values.ts';
import { DhowError } from '#errors/error.ts';
import { parseByteSize } from '#volume/byte-size.ts';

/** What one text says of what builds may keep: `off`, a limit for all, or one for what was not used for a while. */
export type BuildCacheLimit = { kind: 'off' } | { kind: 'limit'; keepBytes: number; unusedForMs?: number };

/** `off`, `keep=20GB` or `keep=2GB,unused-for=48h`. @throws InvalidParameter */
export function parseBuildCacheLimit(value: string): BuildCacheLimit {
  if (value === 'off') return { kind: 'off' };
  const [, keep, unusedFor] = /^keep=([^,=]+)(?:,unused-for=([^,=]+))?$/.exec(value) ?? [];
  if (keep === undefined)
    throw refused('build-cache', value, 'off, keep=SIZE or keep=SIZE,unused-for=DURATION');
  const keepBytes = /^0+[a-z]*$/i.test(keep) ? 0 : parseByteSize(keep);
  if (unusedFor === undefined) return { kind: 'limit', keepBytes };
  return { kind: 'limit', keepBytes, unusedForMs: parseDuration('build-cache', unusedFor) };
}

/**
 * The key `builder` of Docker's daemon.json, of which there is `gc` alone, as texts of the flag: rules replace all of what is the default.
 * @throws InvalidParameter, and Unsupported for filters that Dhow's cache has no words for; both name the key
 */
export function builderValues(path: string, value: unknown): string[] {
  const { gc } = fields(path, 'builder', value, ['gc']);
  if (gc === undefined) return [];
  const known = ['enabled', 'defaultKeepStorage', 'policy'];
  const { enabled = true, defaultKeepStorage, policy } = fields(path, 'builder.gc', gc, known);
  if (typeof enabled !== 'boolean') throw wrong(path, 'builder.gc.enabled', 'a boolean');
  if (!enabled) return ['off'];
  if (policy === undefined) {
    return defaultKeepStorage === undefined
      ? []
      : [`keep=${size(path, 'builder.gc.defaultKeepStorage', defaultKeepStorage)}`];
  }
  if (!Array.isArray(policy)) throw wrong(path, 'builder.gc.policy', 'a list');
  const fallback = defaultKeepStorage ?? '0';
  return ['off', ...policy.map((rule: unknown) => ruleValue(path, rule, fallback))];
}

function ruleValue(path: string, value: unknown, fallback: unknown): string {
  const key = 'builder.gc.policy';
  const {
    all,
    filter = [],
    keepStorage = fallback,
  } = fields(path, key, value, ['all', 'filter', 'keepStorage']);
  if (all !== undefined && typeof all !== 'boolean') throw wrong(path, `${key}.all`, 'a boolean');
  const filters =
    Array.isArray(filter) && filter.every((item) => typeof item === 'string') ? filter : undefined;
  if (filters === undefined || filters.length > 1)
    throw wrong(path, `${key}.filter`, 'a list of one text at most');
  const keep = `keep=${size(path, `${key}.keepStorage`, keepStorage)}`;
  const [only] = filters;
  if (only === undefined) return keep;
  const [, duration] = /^(?:unused-for|until)=+([^=]+)$/.exec(only) ?? [];
  if (duration === undefined) {
    throw new DhowError(
      'Unsupported',
      `${path}: "${key}" has the filter "${only.slice(0, 60)}"; there is unused-for=DURATION`,
    );
  }
  return `${keep},unused-for=${duration}`;
}

function size(path: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw wrong(path, key, 'a size such as "20GB"');
}

function fields(
  path: string,
  key: string,
  value: unknown,
  known: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(path, key, 'an object');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new DhowError(
      'Unsupported',
      `${path}: "${key}.${unknown}" is not supported; there is ${known.join(', ')}`,
    );
  }
  return { ...value };
}

function wrong(path: string, key: string, expected: string): DhowError {
  return new DhowError('InvalidParameter', `${path}: "${key}" must be ${expected}`);
}
