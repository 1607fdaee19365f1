import type { Token } from '#dockerignore/pattern/tokens.ts';

/** A pattern that can be asked whether it matches a whole path. Time grows with pattern times path, whatever they are. */
export type PathMatch = (path: string) => boolean;

export function compileTokens(tokens: readonly Token[]): PathMatch {
  const literal = literalOf(tokens);
  if (literal !== undefined) return (path) => path === literal;
  const [first] = tokens;
  const last = tokens.at(-1);
  if (last?.kind === 'rest') {
    const prefix = literalOf(tokens.slice(0, -1));
    if (prefix !== undefined) return (path) => path.startsWith(prefix);
  }
  if (first?.kind === 'dirs') {
    const suffix = literalOf(tokens.slice(1));
    if (suffix !== undefined) return (path) => path === suffix || path.endsWith(`/${suffix}`);
  }
  const steps = expandSteps(tokens);
  return (path) => simulate(steps, path);
}

function literalOf(tokens: readonly Token[]): string | undefined {
  let text = '';
  for (const token of tokens) {
    if (token.kind !== 'literal') return undefined;
    text += token.character;
  }
  return text;
}

/** `dirs` takes two steps: before it, and inside a directory's name that is not at its slash yet. */
type Step = Exclude<Token, { kind: 'dirs' }> | { kind: 'before-dirs' } | { kind: 'in-dirs' };

function expandSteps(tokens: readonly Token[]): Step[] {
  return tokens.flatMap((token): Step[] =>
    token.kind === 'dirs' ? [{ kind: 'before-dirs' }, { kind: 'in-dirs' }] : [token],
  );
}

function simulate(steps: readonly Step[], path: string): boolean {
  let states = new Set<number>();
  enter(steps, states, 0);
  for (const character of path) {
    const next = new Set<number>();
    for (const state of states) {
      const step = steps[state];
      if (step === undefined) continue;
      switch (step.kind) {
        case 'literal':
          if (step.character === character) enter(steps, next, state + 1);
          break;
        case 'one':
          if (character !== '/') enter(steps, next, state + 1);
          break;
        case 'star':
          if (character !== '/') enter(steps, next, state);
          break;
        case 'class':
          if (step.ranges.some(([low, high]) => low <= character && character <= high) !== step.negated) {
            enter(steps, next, state + 1);
          }
          break;
        case 'rest':
          next.add(state);
          next.add(state + 1);
          break;
        case 'in-dirs':
          next.add(state);
          if (character === '/') enter(steps, next, state + 1);
          break;
        case 'before-dirs':
          break;
      }
    }
    if (next.size === 0) return false;
    states = next;
  }
  return states.has(steps.length);
}

/** Adds a state and all that are reached from it without a character. */
function enter(steps: readonly Step[], states: Set<number>, state: number): void {
  for (let at = state; !states.has(at); ) {
    states.add(at);
    const kind = steps[at]?.kind;
    if (kind === 'star' || kind === 'rest') at++;
    else if (kind === 'before-dirs') {
      states.add(at + 1);
      at += 2;
    } else return;
  }
}
