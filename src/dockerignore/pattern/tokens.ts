/**
 * A path pattern as a list of tokens. `dirs` is the `**` that stands before something: any number of whole directories,
 * none included; `rest` is the one at the end.
 */
export type Token =
  | { kind: 'literal'; character: string }
  /** `?`: one character but no slash. */
  | { kind: 'one' }
  /** `*`: any characters but slashes. */
  | { kind: 'star' }
  | { kind: 'class'; negated: boolean; ranges: readonly (readonly [low: string, high: string])[] }
  | { kind: 'dirs' }
  | { kind: 'rest' };

/**
 * Reads `*`, `?`, `[a-z]`, `[^a-z]`, a backslash before a character, and with `doubleStar` also `**`.
 * @returns undefined when the pattern is malformed: a class that is empty or not closed, or a backslash at the end
 */
export function parsePathPattern(
  pattern: string,
  { doubleStar }: { doubleStar: boolean },
): Token[] | undefined {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === '*') {
      if (!doubleStar || characters[at + 1] !== '*') {
        tokens.push({ kind: 'star' });
        continue;
      }
      at++;
      if (characters[at + 1] === '/') at++;
      tokens.push({ kind: at + 1 === characters.length ? 'rest' : 'dirs' });
    } else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '[') {
      const end = readClass(characters, at, tokens);
      if (end === undefined) return undefined;
      at = end;
    } else if (character === '\\') {
      const next = characters[++at];
      if (next === undefined) return undefined;
      tokens.push({ kind: 'literal', character: next });
    } else tokens.push({ kind: 'literal', character });
  }
  return tokens;
}

/** @returns the index of the closing bracket */
function readClass(characters: readonly string[], start: number, tokens: Token[]): number | undefined {
  let at = start + 1;
  const negated = characters[at] === '^';
  if (negated) at++;
  const ranges: [string, string][] = [];
  const bound = (): string | undefined => {
    let character = characters[at++];
    if (character === '\\') character = characters[at++];
    else if (character === '-' || character === ']') return undefined;
    return character;
  };
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = bound();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (characters[at] === '-') {
      at++;
      high = bound();
    }
    if (high === undefined) return undefined;
    ranges.push([low, high]);
  }
  tokens.push({ kind: 'class', negated, ranges });
  return at;
}
