/** What a template consists of. The kinds from `break` on are words of the language. */
export type TokenKind =
  | 'text'
  | 'left-delimiter'
  | 'right-delimiter'
  | 'space'
  | 'bool'
  | 'character'
  | 'character-constant'
  | 'number'
  | 'string'
  | 'raw-string'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'left-paren'
  | 'right-paren'
  | 'end-of-input'
  | 'error'
  | 'dot'
  | 'keyword';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the template. */
  readonly position: number;
  /** From 1. */
  readonly line: number;
}

const keywords = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
]);
const spaces = ' \t\r\n';
const isSpace = (character: string) => character !== '' && spaces.includes(character);
const isWordCharacter = (character: string) => character !== '' && /[\p{L}\p{Nd}_]/u.test(character);

/**
 * Splits a template into tokens (grammar: Go's text/template, "Text and spaces" and "Actions"). What cannot be read becomes
 * a last token of kind `error` whose text is the message.
 */
export function tokenize(template: string): Token[] {
  return new Lexer(template).run();
}

class Lexer {
  private readonly input: string;
  private readonly tokens: Token[] = [];
  private position = 0;
  private start = 0;
  private line = 1;
  private startLine = 1;
  private parenDepth = 0;

  constructor(input: string) {
    this.input = input;
  }

  run(): Token[] {
    while (this.readText() && this.readAction());
    if (!this.failed) this.emit('end-of-input');
    return this.tokens;
  }

  private get failed(): boolean {
    return this.tokens.at(-1)?.kind === 'error';
  }

  private emit(kind: TokenKind): true {
    const text = this.input.slice(this.start, this.position);
    this.tokens.push({ kind, text, position: this.start, line: this.startLine });
    this.skip();
    return true;
  }

  private skip(): void {
    for (let i = this.start; i < this.position; i++) if (this.input[i] === '\n') this.line++;
    this.start = this.position;
    this.startLine = this.line;
  }

  private fail(message: string): false {
    this.tokens.push({ kind: 'error', text: message, position: this.start, line: this.startLine });
    return false;
  }

  private peek(): string {
    const point = this.input.codePointAt(this.position);
    return point === undefined ? '' : String.fromCodePoint(point);
  }

  private accept(set: string): boolean {
    const character = this.peek();
    if (character === '' || !set.includes(character)) return false;
    this.position += character.length;
    return true;
  }

  private acceptRun(set: string): void {
    while (this.accept(set));
  }

  /** Reads up to the next action or comment. False at the end of the input. */
  private readText(): boolean {
    const open = this.input.indexOf('{{', this.position);
    this.position = open === -1 ? this.input.length : open;
    const trims = open !== -1 && this.input[open + 2] === '-' && isSpace(this.input[open + 3] ?? '');
    const end = this.position;
    if (trims)
      while (this.position > this.start && isSpace(this.input[this.position - 1] ?? '')) this.position--;
    if (this.position > this.start) this.emit('text');
    this.position = end;
    this.skip();
    if (open === -1) return false;
    const afterMarker = open + 2 + (trims ? 2 : 0);
    if (this.input.startsWith('/*', afterMarker)) {
      this.position = afterMarker;
      this.skip();
      return this.readComment() && this.readText();
    }
    this.position = open + 2;
    this.emit('left-delimiter');
    this.position = afterMarker;
    this.skip();
    this.parenDepth = 0;
    return true;
  }

  private readComment(): boolean {
    const close = this.input.indexOf('*/', this.position + 2);
    if (close === -1) {
      this.fail('unclosed comment');
      return false;
    }
    this.position = close + 2;
    const right = this.rightDelimiter();
    if (right === undefined) {
      this.fail('comment ends before closing delimiter');
      return false;
    }
    this.position += right.length;
    if (right.trims) this.acceptRun(spaces);
    this.skip();
    return true;
  }

  /** The closing delimiter, if it stands here; with a trim marker its length counts the space before it. */
  private rightDelimiter(): { length: number; trims: boolean } | undefined {
    if (this.input.startsWith('}}', this.position)) return { length: 2, trims: false };
    const marked =
      isSpace(this.input[this.position] ?? '') && this.input.startsWith('-}}', this.position + 1);
    return marked ? { length: 4, trims: true } : undefined;
  }

  private readAction(): boolean {
    for (;;) {
      const right = this.rightDelimiter();
      if (right !== undefined) {
        if (this.parenDepth > 0) return this.fail('unclosed left paren');
        this.position += right.length - 2;
        this.skip();
        this.position += 2;
        this.emit('right-delimiter');
        if (right.trims) {
          this.acceptRun(spaces);
          this.skip();
        }
        return true;
      }
      if (this.position >= this.input.length) return this.fail('unclosed action');
      if (!this.readToken()) return false;
    }
  }

  private readToken(): boolean {
    const character = this.peek();
    const next = this.input[this.position + character.length] ?? '';
    if (isSpace(character)) {
      while (isSpace(this.peek()) && this.rightDelimiter() === undefined) this.position++;
      return this.emit('space');
    }
    if (/[0-9+-]/.test(character) || (character === '.' && /[0-9]/.test(next))) return this.readNumber();
    if (isWordCharacter(character)) return this.readIdentifier();
    this.position += character.length;
    switch (character) {
      case '=':
        return this.emit('assign');
      case ':':
        if (!this.accept('=')) return this.fail('expected :=');
        return this.emit('declare');
      case '|':
        return this.emit('pipe');
      case '"':
        return this.readQuoted('"', 'string', 'unterminated quoted string');
      case "'":
        return this.readQuoted("'", 'character-constant', 'unterminated character constant');
      case '`':
        return this.readRawString();
      case '$':
        return this.readFieldOrVariable('variable', 'variable');
      case '.':
        return this.readFieldOrVariable('field', 'dot');
      case '(':
        this.parenDepth++;
        return this.emit('left-paren');
      case ')':
        if (--this.parenDepth < 0) return this.fail('unexpected right paren');
        return this.emit('right-paren');
    }
    if (/^[\x20-\x7e]$/.test(character)) return this.emit('character');
    return this.fail(`unrecognized character in action: ${describe(character)}`);
  }

  private readQuoted(quote: string, kind: TokenKind, message: string): boolean {
    for (;;) {
      const character = this.peek();
      this.position += character.length;
      if (character === '\\') {
        const escaped = this.peek();
        if (escaped === '' || escaped === '\n') return this.fail(message);
        this.position += escaped.length;
      } else if (character === '' || character === '\n') return this.fail(message);
      else if (character === quote) return this.emit(kind);
    }
  }

  private readRawString(): boolean {
    const close = this.input.indexOf('`', this.position);
    if (close === -1) return this.fail('unterminated raw quoted string');
    this.position = close + 1;
    return this.emit('raw-string');
  }

  private readFieldOrVariable(kind: TokenKind, alone: TokenKind): boolean {
    if (this.atTerminator()) return this.emit(alone);
    this.readWord();
    if (this.atTerminator()) return this.emit(kind);
    return this.fail(`bad character ${describe(this.peek())}`);
  }

  private readIdentifier(): boolean {
    this.readWord();
    if (!this.atTerminator()) return this.fail(`bad character ${describe(this.peek())}`);
    const word = this.input.slice(this.start, this.position);
    if (keywords.has(word)) return this.emit('keyword');
    return this.emit(word === 'true' || word === 'false' ? 'bool' : 'identifier');
  }

  private readWord(): void {
    for (let character = this.peek(); isWordCharacter(character); character = this.peek())
      this.position += character.length;
  }

  private atTerminator(): boolean {
    const character = this.peek();
    return (
      character === '' ||
      isSpace(character) ||
      '.,|:()'.includes(character) ||
      this.input.startsWith('}}', this.position)
    );
  }

  private readNumber(): boolean {
    if (!this.scanNumber()) return this.failNumber();
    const sign = this.peek();
    // What follows can only be the imaginary part of a complex number, though no format can use one.
    if ((sign === '+' || sign === '-') && !(this.scanNumber() && this.input[this.position - 1] === 'i')) {
      return this.failNumber();
    }
    return this.emit('number');
  }

  private failNumber(): false {
    return this.fail(`bad number syntax: ${JSON.stringify(this.input.slice(this.start, this.position))}`);
  }

  private scanNumber(): boolean {
    this.accept('+-');
    let digits = '0123456789_';
    if (this.accept('0')) {
      if (this.accept('xX')) digits = '0123456789abcdefABCDEF_';
      else if (this.accept('oO')) digits = '01234567_';
      else if (this.accept('bB')) digits = '01_';
    }
    this.acceptRun(digits);
    if (this.accept('.')) this.acceptRun(digits);
    if (digits.length === 11 && this.accept('eE')) {
      this.accept('+-');
      this.acceptRun('0123456789_');
    }
    this.accept('i');
    const character = this.peek();
    if (!isWordCharacter(character)) return true;
    this.position += character.length;
    return false;
  }
}

function describe(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')} '${character}'`;
}
