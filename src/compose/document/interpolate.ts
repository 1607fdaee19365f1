import { complain, type Node, type Place } from '#compose/document/node.ts';
import { DhowError } from '#errors/error.ts';

/** The variables that a file can use. */
export type Variables = ReadonlyMap<string, string>;

const name = /^[A-Za-z_][A-Za-z0-9_]*/;

/** A variable in a text: `$X`, `${X}`, or `${X:-word}` and the like. */
export interface Reference {
  readonly name: string;
  readonly operator: '-' | '?' | '+' | undefined;
  /** Whether an empty value counts as none. */
  readonly colon: boolean;
  /** What stands behind the operator; it may hold variables itself. */
  readonly word: string;
}

/**
 * Takes a text with `$X`, `${X}`, `${X-d}`, `${X:-d}`, `${X?e}`, `${X:?e}`, `${X+a}` and `${X:+a}` apart; `$$` is a dollar.
 * Source: Compose specification, "Interpolation".
 * @throws InvalidParameter for a wrong form
 */
export function splitTemplate(text: string): (string | Reference)[] {
  const parts: (string | Reference)[] = [];
  for (let index = 0; index < text.length; ) {
    const dollar = text.indexOf('$', index);
    if (dollar === -1) {
      parts.push(text.slice(index));
      break;
    }
    parts.push(text.slice(index, dollar));
    if (text[dollar + 1] === '$') {
      parts.push('$');
      index = dollar + 2;
    } else if (text[dollar + 1] === '{') {
      const end = closingBrace(text, dollar + 2);
      parts.push(parseReference(text.slice(dollar + 2, end)));
      index = end + 1;
    } else {
      const found = name.exec(text.slice(dollar + 1))?.[0];
      if (found === undefined) {
        throw refuse(`"${text}" has a $ that begins no variable; write $$ for a dollar`);
      }
      parts.push({ name: found, operator: undefined, colon: false, word: '' });
      index = dollar + 1 + found.length;
    }
  }
  return parts;
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    if (text[index] === '$' && text[index + 1] === '{') {
      depth += 1;
      index += 1;
    } else if (text[index] === '}') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  throw refuse(`"${text}" lacks a closing brace`);
}

function parseReference(inner: string): Reference {
  const found = name.exec(inner)?.[0];
  if (found === undefined) throw refuse(`"\${${inner}}" names no variable`);
  const rest = inner.slice(found.length);
  const colon = rest.startsWith(':');
  const operator = colon ? rest[1] : rest[0];
  const word = rest.slice(colon ? 2 : 1);
  if (rest === '') return { name: found, operator: undefined, colon, word };
  if (operator === '-' || operator === '+' || operator === '?') return { name: found, operator, colon, word };
  throw refuse(`"\${${inner}}" has an unknown operator; known are - :- ? :? + :+`);
}

/**
 * Puts the values of variables into a text. One that is not set is empty, and is reported to `onUnset`.
 * @throws InvalidParameter as `splitTemplate`, and for a required variable that is not set
 */
export function interpolateText(
  text: string,
  variables: Variables,
  onUnset: (name: string) => void = () => {},
): string {
  const parts = splitTemplate(text);
  return parts.map((part) => (typeof part === 'string' ? part : expand(part, variables, onUnset))).join('');
}

function expand(
  { name: found, operator, colon, word }: Reference,
  variables: Variables,
  onUnset: (name: string) => void,
): string {
  if (operator === undefined) return lookUp(found, variables, onUnset);
  const value = variables.get(found);
  const present = value !== undefined && !(colon && value === '');
  const resolve = () => interpolateText(word, variables, onUnset);
  if (operator === '-') return present ? value : resolve();
  if (operator === '+') return present ? resolve() : '';
  if (present) return value;
  throw refuse(`required variable ${found} is missing a value${word === '' ? '' : `: ${resolve()}`}`);
}

function lookUp(found: string, variables: Variables, onUnset: (name: string) => void): string {
  const value = variables.get(found);
  if (value === undefined) onUnset(found);
  return value ?? '';
}

function refuse(message: string): DhowError {
  return new DhowError('InvalidParameter', message);
}

/** Interpolates all values of a file, not its keys. `onUnset` is told every variable that is empty because nobody set it. */
export function interpolate(
  node: Node,
  variables: Variables,
  onUnset: (name: string, at: Place) => void,
): Node {
  if (node.kind === 'mapping') {
    const entries = [...node.entries].map(
      ([key, value]) => [key, interpolate(value, variables, onUnset)] as const,
    );
    return { ...node, entries: new Map(entries) };
  }
  if (node.kind === 'sequence') {
    return { ...node, items: node.items.map((item) => interpolate(item, variables, onUnset)) };
  }
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
  try {
    const value = interpolateText(node.value, variables, (unset) => onUnset(unset, node.at));
    return { ...node, value, source: value };
  } catch (error) {
    throw error instanceof DhowError ? complain(node.at, error.message) : error;
  }
}
