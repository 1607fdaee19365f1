import { cleanPath } from '#dockerignore/clean-path.ts';
import { compilePathPattern, type PathMatch } from '#dockerignore/path-pattern.ts';
import { DhowError } from '#errors/error.ts';

/**
 * What a `.dockerignore` keeps out of a build context. The rules are Docker's: the last pattern that matches decides, `!`
 * takes a path back in, a pattern that matches a directory matches all below it, and patterns are relative to the
 * context's root also with a slash in front.
 *
 *   parseIgnoreFile → patterns
 *   createIgnoreRules(patterns) → excludes(path), for paths relative to the root, with `/` between parts
 */
export interface IgnoreRules {
  excludes(path: string): boolean;
  /** Whether a walk may skip this directory: it is out, and no pattern takes something below it back in. */
  skipsDirectory(path: string): boolean;
}

interface Rule {
  pattern: string;
  includes: boolean;
  matches: PathMatch;
}

interface Verdict {
  /** For each rule, whether it holds for the path or has held for a directory above it. */
  hits: Uint8Array;
  excluded: boolean;
}

const maxBytes = 1024 * 1024;
const maxPatterns = 10_000;
/** Directories whose matches are remembered. */
const maxRemembered = 100_000;

/** @throws InvalidParameter for a file that is too large to be one */
export function parseIgnoreFile(name: string, bytes: Uint8Array): string[] {
  if (bytes.length > maxBytes) {
    throw new DhowError('InvalidParameter', `${name} has ${bytes.length} bytes; the most is ${maxBytes}`);
  }
  const patterns: string[] = [];
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (line.startsWith('#')) continue;
    const text = line.trim();
    if (text === '') continue;
    const includes = text.startsWith('!');
    let pattern = includes ? text.slice(1).trim() : text;
    if (pattern !== '') pattern = cleanPath(pattern);
    if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1);
    patterns.push(includes ? `!${pattern}` : pattern);
  }
  return patterns;
}

/**
 * @param name what messages call the file
 * @throws InvalidParameter for a malformed pattern
 */
export function createIgnoreRules(patterns: readonly string[], name = '.dockerignore'): IgnoreRules {
  if (patterns.length > maxPatterns) {
    throw new DhowError('InvalidParameter', `${name} has more than ${maxPatterns} patterns`);
  }
  const rules = patterns.map((pattern) => compileRule(pattern, name));
  const remembered = new Map<string, Verdict>();

  /**
   * As Docker's matcher goes through the rules: one that could not change what was found so far is not looked at, and then also does not
   * count for what is below the directory.
   */
  function judge(path: string): Verdict {
    const known = remembered.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const above = slash === -1 ? undefined : judgeDirectory(path.slice(0, slash)).hits;
    let excluded = false;
    const hits = Uint8Array.from(rules, ({ includes, matches }, index) => {
      const hit = above?.[index] === 1 || (includes === excluded && matches(path));
      if (hit) excluded = !includes;
      return hit ? 1 : 0;
    });
    return { hits, excluded };
  }

  function judgeDirectory(path: string): Verdict {
    const verdict = judge(path);
    if (remembered.size < maxRemembered) remembered.set(path, verdict);
    return verdict;
  }

  const excludes = (path: string): boolean => judge(path).excluded;

  return {
    excludes,
    skipsDirectory(path) {
      if (!excludes(path)) return false;
      // As Docker has it: only a pattern that begins with this very directory, letter by letter, or with a wildcard, can.
      return !rules.some(({ includes, pattern }) => includes && mayMatchBelow(pattern, path));
    },
  };
}

function compileRule(text: string, name: string): Rule {
  const cleaned = cleanPath(text.trim());
  const includes = cleaned.startsWith('!');
  const pattern = includes ? cleaned.slice(1) : cleaned;
  const matches = pattern === '' ? undefined : compilePathPattern(pattern, { doubleStar: true });
  if (matches === undefined) {
    throw new DhowError('InvalidParameter', `${name} has a malformed pattern: "${text.slice(0, 200)}"`);
  }
  return { pattern, includes, matches };
}

function mayMatchBelow(pattern: string, directory: string): boolean {
  const wildcard = pattern.search(/[*?[\\]/);
  const plain = wildcard === -1 ? `${pattern}/` : pattern.slice(0, wildcard);
  return plain.startsWith(`${directory}/`) || (wildcard !== -1 && `${directory}/`.startsWith(plain));
}
