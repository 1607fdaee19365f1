import type { Budget } from '#build/expand/budget.ts';

/**
 * The patterns of `${name#…}`, `${name%…}` and `${name/…/…}`: `*` is any text, `?` one character, a backslash takes the
 * next character as it is. There are no character classes. Matching takes time in proportion to pattern times text,
 * whatever the pattern.
 */
export interface ShellPattern {
  tokens: readonly Token[];
}

type Token = { kind: 'literal'; character: string } | { kind: 'one' } | { kind: 'any' };

export function parseShellPattern(text: string): ShellPattern {
  const tokens: Token[] = [];
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === '*') {
      if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' });
    } else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '\\' && at + 1 < characters.length) {
      tokens.push({ kind: 'literal', character: characters[++at] as string });
    } else tokens.push({ kind: 'literal', character });
  }
  return { tokens };
}

/** Lengths, ascending (the longest only, if so asked), of all prefixes of `characters` (from `start`) that the pattern matches. */
function matchLengths(
  { tokens }: ShellPattern,
  characters: readonly string[],
  start: number,
  budget: Budget,
  longestOnly = false,
): number[] {
  const found: number[] = [];
  let states = closure(tokens, new Set([0]));
  for (let at = start; ; at++) {
    if (states.has(tokens.length)) {
      if (longestOnly) found.length = 0;
      found.push(at - start);
    }
    if (at === characters.length || states.size === 0) return found;
    const next = new Set<number>();
    budget.spend(states.size + 1);
    for (const state of states) {
      const token = tokens[state];
      if (token === undefined) continue;
      if (token.kind === 'any') next.add(state);
      else if (token.kind === 'one' || token.character === characters[at]) next.add(state + 1);
    }
    states = closure(tokens, next);
  }
}

/** `*` may match nothing. */
function closure(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) if (tokens[state]?.kind === 'any') states.add(state + 1);
  return states;
}

/** Cuts the shortest or longest matching beginning off. */
export function trimPrefix(pattern: ShellPattern, value: string, longest: boolean, budget: Budget): string {
  const characters = Array.from(value);
  const lengths = matchLengths(pattern, characters, 0, budget);
  const length = longest ? lengths.at(-1) : lengths[0];
  return length === undefined ? value : characters.slice(length).join('');
}

/** Cuts the shortest or longest matching end off. */
export function trimSuffix(pattern: ShellPattern, value: string, longest: boolean, budget: Budget): string {
  const reversed: ShellPattern = { tokens: pattern.tokens.toReversed() };
  const characters = Array.from(value).reverse();
  const lengths = matchLengths(reversed, characters, 0, budget);
  const length = longest ? lengths.at(-1) : lengths[0];
  return length === undefined ? value : characters.slice(length).reverse().join('');
}

/**
 * Replaces the first or all longest matches, from left to right; an empty pattern matches before every character.
 * @returns undefined when the result is longer than `maxLength`
 */
export function replaceMatches(
  pattern: ShellPattern,
  value: string,
  replacement: string,
  { all, maxLength, budget }: { all: boolean; maxLength: number; budget: Budget },
): string | undefined {
  const characters = Array.from(value);
  const result: string[] = [];
  let length = 0;
  const push = (text: string): void => {
    length += text.length;
    if (length <= maxLength) result.push(text);
  };
  let replaced = false;
  for (let at = 0; at <= characters.length; ) {
    const match = replaced && !all ? undefined : matchLengths(pattern, characters, at, budget, true).at(-1);
    if (match !== undefined) {
      push(replacement);
      replaced = true;
    }
    if (match === undefined || match === 0) {
      const character = characters[at++];
      if (character !== undefined) push(character);
    } else {
      at += match;
      if (at === characters.length) break;
    }
    if (length > maxLength) return undefined;
  }
  return result.join('');
}
