import type { Query } from '#api/http/query.ts';
import { DhowError } from '#errors/error.ts';

/** A query parameter whose value is JSON; undefined when absent or empty. @throws InvalidParameter */
export function jsonParameter(query: Query, name: string): unknown {
  const text = query.text(name);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `the parameter "${name}" is not JSON`, { cause });
  }
}

/** The same for an object of strings. @param nullable whether `null` values are left out; else they are refused */
export function jsonStringMap(
  query: Query,
  name: string,
  { nullable }: { nullable: boolean },
): Map<string, string> {
  const value = jsonParameter(query, name) ?? {};
  const refused = new DhowError(
    'InvalidParameter',
    `the parameter "${name}" must be a JSON object of strings`,
  );
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused;
  const map = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === 'string') map.set(key, text);
    else if (text !== null || !nullable) throw refused;
  }
  return map;
}

/** The same for a list of strings. */
export function jsonStrings(query: Query, name: string): string[] {
  const value = jsonParameter(query, name) ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new DhowError('InvalidParameter', `the parameter "${name}" must be a JSON array of strings`);
}
