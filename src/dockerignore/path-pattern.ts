import { compileTokens, type PathMatch } from '#dockerignore/pattern/match.ts';
import { parsePathPattern } from '#dockerignore/pattern/tokens.ts';

export type { PathMatch } from '#dockerignore/pattern/match.ts';

/**
 * A shell pattern over whole paths: `*` and `?` stop at slashes, `[a-z]` and `[^a-z]` are classes, and with `doubleStar`
 * `**` is any number of directories (Go's `filepath.Match` with Docker's extension).
 * @returns undefined when the pattern is malformed
 */
export function compilePathPattern(pattern: string, options: { doubleStar: boolean }): PathMatch | undefined {
  // `**.log` is all that ends so, where Docker's words for `**` would have it a whole name.
  const ending = options.doubleStar ? /^\*\*([^/*?[\]\\][^*?[\]\\]*)$/s.exec(pattern)?.[1] : undefined;
  if (ending !== undefined) return (path) => path.endsWith(ending);
  const tokens = parsePathPattern(pattern, options);
  return tokens === undefined ? undefined : compileTokens(tokens);
}
