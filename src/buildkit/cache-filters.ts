import type { CachedBuildStep } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';

export const recordTypes = { step: 'regular', mount: 'exec.cachemount' } as const;

/** Fields that are there or not. */
const flags: Readonly<Record<string, (row: CachedBuildStep) => boolean>> = {
  mutable: ({ kind }) => kind === 'mount',
  immutable: ({ kind }) => kind !== 'mount',
  shared: ({ shared }) => shared,
  private: ({ shared }) => !shared,
  // What a build uses is not told from what it may use: nothing that is listed is in use.
  inuse: () => false,
};

const texts: Readonly<Record<string, (row: CachedBuildStep) => string>> = {
  id: ({ key }) => key,
  type: ({ kind }) => recordTypes[kind],
  description: ({ description }) => description,
};

const maxFilters = 100;
const maxPatternLength = 1000;

/**
 * Which rows of the build cache a client means. In one text all terms must hold, parted by commas; of several texts one is enough. A term
 * is `shared`, `id==…`, `type!=…` or `description~=…` with a pattern (containerd's filters, of which clients make them).
 * @throws InvalidParameter
 */
export function parseCacheFilters(filters: readonly string[]): (row: CachedBuildStep) => boolean {
  // Clients send an empty one.
  const given = filters.filter(Boolean);
  if (given.length > maxFilters) throw new DhowError('InvalidParameter', `more than ${maxFilters} filters`);
  if (given.length === 0) return () => true;
  const alternatives = given.map((text) => text.split(',').map(parseTerm));
  return (row) => alternatives.some((terms) => terms.every((matches) => matches(row)));
}

function parseTerm(term: string): (row: CachedBuildStep) => boolean {
  const [, name = '', operator, value = ''] = /^([a-z]+)(?:(==|!=|~=)(.*))?$/s.exec(term) ?? [];
  const refuse = (why: string): DhowError =>
    new DhowError('InvalidParameter', `the filter "${term.slice(0, 100)}" of the build cache ${why}`);
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag !== undefined) {
    if (operator === undefined || value === 'true') return operator === '!=' ? (row) => !flag(row) : flag;
    if (value === 'false') return operator === '!=' ? flag : (row) => !flag(row);
    throw refuse('takes true or false');
  }
  const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (text === undefined) {
    throw refuse(`is none of until, ${[...Object.keys(texts), ...Object.keys(flags)].join(', ')}`);
  }
  if (operator === '~=') {
    const pattern = compile(value);
    if (pattern === undefined) throw refuse('has no valid pattern');
    return (row) => pattern.test(text(row));
  }
  if (operator === undefined) throw refuse('needs a value');
  return (row) => (text(row) === value) === (operator === '==');
}

function compile(pattern: string): RegExp | undefined {
  try {
    return pattern.length > maxPatternLength ? undefined : new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}
