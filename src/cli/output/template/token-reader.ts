import { type Token, type TokenKind, tokenize } from '#cli/output/template/lex.ts';
import { DhowError } from '#errors/error.ts';

/** Deeper nesting is refused; the parser and the evaluator recurse. */
const maxDepth = 200;

/** Walks over the tokens of a template, and knows where it stands when something is wrong. */
export class TokenReader {
  private readonly name: string;
  private readonly tokens: readonly Token[];
  private index = 0;
  /** Where the action under way began. */
  private actionLine = 0;
  private depth = 0;

  constructor(text: string, name: string) {
    this.name = name;
    this.tokens = tokenize(text);
  }

  peek(): Token {
    // The last token is `end-of-input` or `error`, and nothing reads past it.
    return this.tokens[Math.min(this.index, this.tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.index++;
    if (token.kind === 'left-delimiter') this.actionLine = token.line;
    else if (token.kind === 'right-delimiter') this.actionLine = 0;
    return token;
  }

  peekAfterSpace(): Token {
    while (this.peek().kind === 'space') this.index++;
    return this.peek();
  }

  nextAfterSpace(): Token {
    this.peekAfterSpace();
    return this.next();
  }

  fail(message: string): never {
    const line = this.tokens[Math.min(Math.max(this.index - 1, 0), this.tokens.length - 1)]?.line ?? 1;
    throw new DhowError('InvalidParameter', `template: ${this.name}:${line}: ${message}`);
  }

  unexpected(token: Token, context: string): never {
    if (token.kind === 'error') this.fail(token.text + this.startOfAction(token));
    this.fail(`unexpected ${describe(token)} in ${context}`);
  }

  private startOfAction(token: Token): string {
    if (this.actionLine === 0 || this.actionLine === token.line) return '';
    const words = token.text.endsWith(' action') ? ' started at' : ' in action started at';
    return `${words} ${this.name}:${this.actionLine}`;
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextAfterSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  back(): void {
    this.index--;
  }

  get mark(): number {
    return this.index;
  }

  /** Goes back to where `mark` was read. */
  reset(mark: number): void {
    this.index = mark;
  }

  /** Whether an action begins here whose first word is the keyword. */
  startsAction(keyword: string): boolean {
    if (this.peek().kind !== 'left-delimiter') return false;
    let ahead = this.index + 1;
    while (this.tokens[ahead]?.kind === 'space') ahead++;
    const token = this.tokens[ahead];
    return token?.kind === 'keyword' && token.text === keyword;
  }

  /** Counts a level of nesting until `leave`. */
  enter(): void {
    if (++this.depth > maxDepth) this.fail(`more than ${maxDepth} levels of nesting`);
  }

  leave(): void {
    this.depth--;
  }
}

function describe(token: Token): string {
  if (token.kind === 'end-of-input') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (token.kind === 'keyword' || token.kind === 'dot') return `<${token.text}>`;
  if (token.text.length > 10) return `${JSON.stringify(token.text.slice(0, 10))}...`;
  return JSON.stringify(token.text);
}
