/** A piece of a text and where in that text it begins. */
export interface Piece {
  text: string;
  start: number;
  end: number;
}

/** Words between blanks; quotes mean nothing. */
export function splitAtBlanks(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const match of text.matchAll(/\S+/g)) {
    pieces.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return pieces;
}

/**
 * Words between blanks that are neither quoted nor escaped, quotes and escapes kept for the expansion. An escape character at
 * the very end of the text is dropped.
 */
export function splitQuoted(text: string, escapeMark: string): Piece[] {
  const pieces: Piece[] = [];
  let word = '';
  let start = -1;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (start === -1) {
      if (isBlank(character)) continue;
      start = at;
    } else if (quote === '' && isBlank(character)) {
      pieces.push({ text: word, start, end: at });
      word = '';
      start = -1;
      continue;
    }
    if (character === escapeMark && quote !== "'") {
      if (at + 1 === text.length) break;
      word += character + text[++at];
      continue;
    }
    if (quote === '' && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = '';
    word += character;
  }
  if (start !== -1) pieces.push({ text: word, start, end: text.length });
  return pieces;
}

/**
 * The `--flag` words in front of an instruction's arguments. Quotes are taken off, and a backslash escapes the next character;
 * `--` alone ends the flags.
 */
export function splitFlags(text: string): { flags: Piece[]; rest: Piece } {
  const flags: Piece[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isBlank(text[at])) at++;
    if (!text.startsWith('--', at)) break;
    const flag = readFlag(text, at);
    at = flag.end;
    if (flag.text === '--') break;
    flags.push(flag);
  }
  const rest = text.slice(at);
  const start = at + (rest.length - rest.trimStart().length);
  return { flags, rest: { text: rest.trim(), start, end: text.length } };
}

function readFlag(text: string, start: number): Piece {
  let word = '';
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at] as string;
    if (quote === '' && isBlank(character)) break;
    if (character === '\\') {
      if (at + 1 < text.length) word += text[++at];
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
    } else if (character === quote) {
      quote = '';
    } else {
      word += character;
    }
  }
  return { text: word, start, end: at };
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}
