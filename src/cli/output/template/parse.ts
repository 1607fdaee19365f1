import { type Token, tokenize } from '#cli/output/template/lex.ts';
import { parseNumber, unquote } from '#cli/output/template/literals.ts';
import {
  type Command,
  format,
  type Operand,
  type Pipeline,
  type Statement,
} from '#cli/output/template/nodes.ts';
import { DhowError } from '#errors/error.ts';

/** A parsed template: its own statements and those of the templates it defines. */
export interface Template {
  /** For messages; most of Docker's templates have an empty one. */
  readonly name: string;
  readonly text: string;
  readonly body: readonly Statement[];
  readonly definitions: ReadonlyMap<string, readonly Statement[]>;
}

/** Deeper nesting is refused; the parser and the evaluator recurse. */
const maxDepth = 200;

/**
 * Parses a template in the language of Go's text/template.
 * @throws InvalidParameter, with the words of Go's own parser
 */
export function parseTemplate(text: string, hasFunction: (name: string) => boolean, name = ''): Template {
  return new Parser(text, hasFunction, name).run();
}

type ListEnd = 'end' | 'else';

class Parser {
  private readonly text: string;
  private readonly name: string;
  private readonly hasFunction: (name: string) => boolean;
  private readonly tokens: readonly Token[];
  private readonly definitions = new Map<string, readonly Statement[]>();
  private index = 0;
  private variables = ['$'];
  private rangeDepth = 0;
  private depth = 0;

  constructor(text: string, hasFunction: (name: string) => boolean, name: string) {
    this.text = text;
    this.name = name;
    this.hasFunction = hasFunction;
    this.tokens = tokenize(text);
  }

  run(): Template {
    const body: Statement[] = [];
    while (this.peek().kind !== 'end-of-input') {
      if (this.startsWith('define')) {
        this.parseDefinition();
        continue;
      }
      const statement = this.parseStatement();
      if (statement === 'end' || statement === 'else') this.fail(`unexpected {{${statement}}}`);
      else body.push(statement);
    }
    return { name: this.name, text: this.text, body, definitions: this.definitions };
  }

  private peek(): Token {
    // The last token is `end-of-input` or `error`, and nothing reads past it.
    return this.tokens[Math.min(this.index, this.tokens.length - 1)] as Token;
  }

  private next(): Token {
    const token = this.peek();
    this.index++;
    return token;
  }

  private peekAfterSpace(): Token {
    while (this.peek().kind === 'space') this.index++;
    return this.peek();
  }

  private nextAfterSpace(): Token {
    this.peekAfterSpace();
    return this.next();
  }

  private fail(message: string): never {
    const line = this.tokens[Math.min(Math.max(this.index - 1, 0), this.tokens.length - 1)]?.line ?? 1;
    throw new DhowError('InvalidParameter', `template: ${this.name}:${line}: ${message}`);
  }

  private unexpected(token: Token, context: string): never {
    if (token.kind === 'error') this.fail(token.text);
    this.fail(`unexpected ${describe(token)} in ${context}`);
  }

  private expect(kind: Token['kind'], context: string): Token {
    const token = this.nextAfterSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  private startsWith(keyword: string): boolean {
    if (this.peek().kind !== 'left-delimiter') return false;
    let ahead = this.index + 1;
    while (this.tokens[ahead]?.kind === 'space') ahead++;
    const token = this.tokens[ahead];
    return token?.kind === 'keyword' && token.text === keyword;
  }

  private parseDefinition(): void {
    this.next();
    this.nextAfterSpace();
    const name = this.parseName('define clause');
    this.expect('right-delimiter', 'define clause');
    this.define(name, this.parseOwnBody('define clause'));
  }

  /** The body of a template of its own: it sees no variables but `$`. */
  private parseOwnBody(context: string): Statement[] {
    const outer = { variables: this.variables, rangeDepth: this.rangeDepth };
    this.variables = ['$'];
    this.rangeDepth = 0;
    const [body, end] = this.parseList();
    if (end !== 'end') this.fail(`unexpected {{${end}}} in ${context}`);
    this.variables = outer.variables;
    this.rangeDepth = outer.rangeDepth;
    return body;
  }

  private define(name: string, body: readonly Statement[]): void {
    const known = this.definitions.get(name);
    if (known !== undefined && known.length > 0 && body.length > 0) {
      this.fail(`template: multiple definition of template ${JSON.stringify(name)}`);
    }
    if (known === undefined || known.length === 0) this.definitions.set(name, body);
  }

  private parseName(context: string): string {
    const token = this.nextAfterSpace();
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.unexpected(token, context);
    return unquote(token.text) ?? this.fail('invalid syntax');
  }

  private parseList(): [Statement[], ListEnd] {
    if (++this.depth > maxDepth) this.fail(`more than ${maxDepth} levels of nesting`);
    const list: Statement[] = [];
    while (this.peekAfterSpace().kind !== 'end-of-input') {
      const statement = this.parseStatement();
      if (statement === 'end' || statement === 'else') {
        this.depth--;
        return [list, statement];
      }
      list.push(statement);
    }
    this.fail('unexpected EOF');
  }

  private parseStatement(): Statement | ListEnd {
    const token = this.nextAfterSpace();
    if (token.kind === 'text') return { kind: 'text', position: token.position, text: token.text };
    if (token.kind !== 'left-delimiter') this.unexpected(token, 'input');
    const word = this.peekAfterSpace();
    if (word.kind === 'keyword') {
      switch (word.text) {
        case 'if':
        case 'with':
        case 'range':
          this.next();
          return this.parseControl(word.text, word.position);
        case 'break':
        case 'continue':
          this.next();
          return this.parseJump(word.text, word.position);
        case 'end':
          this.next();
          this.expect('right-delimiter', 'end');
          return 'end';
        case 'else':
          this.next();
          return this.parseElse();
        case 'template':
          this.next();
          return this.parseCall();
        case 'block':
          this.next();
          return this.parseBlock();
      }
    }
    const pipeline = this.parsePipeline('command', 'right-delimiter');
    return { kind: 'action', position: word.position, pipeline };
  }

  private parseElse(): ListEnd {
    const next = this.peekAfterSpace();
    // `else if` and `else with` leave the word to the statement that they continue.
    if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) return 'else';
    this.expect('right-delimiter', 'else');
    return 'else';
  }

  private parseJump(kind: 'break' | 'continue', position: number): Statement {
    const token = this.nextAfterSpace();
    if (token.kind !== 'right-delimiter') this.unexpected(token, `{{${kind}}}`);
    if (this.rangeDepth === 0) this.fail(`{{${kind}}} outside {{range}}`);
    return { kind, position };
  }

  private parseControl(kind: 'if' | 'with' | 'range', position: number): Statement {
    if (++this.depth > maxDepth) this.fail(`more than ${maxDepth} levels of nesting`);
    const scope = this.variables.length;
    const pipeline = this.parsePipeline(kind, 'right-delimiter');
    if (kind === 'range') this.rangeDepth++;
    const [body, end] = this.parseList();
    if (kind === 'range') this.rangeDepth--;
    const otherwise = end === 'else' ? this.parseOtherwise(kind) : [];
    this.variables.length = scope;
    this.depth--;
    return { kind, position, pipeline, body, otherwise };
  }

  private parseOtherwise(kind: 'if' | 'with' | 'range'): Statement[] {
    const token = this.peek();
    if (kind !== 'range' && token.kind === 'keyword' && token.text === kind) {
      this.next();
      return [this.parseControl(kind, token.position)];
    }
    const [otherwise, end] = this.parseList();
    if (end !== 'end') this.fail(`expected end; found {{${end}}}`);
    return otherwise;
  }

  private parseCall(): Statement {
    const position = this.peekAfterSpace().position;
    const name = this.parseName('template clause');
    if (this.peekAfterSpace().kind === 'right-delimiter') {
      this.next();
      return { kind: 'template', position, name, pipeline: undefined };
    }
    return {
      kind: 'template',
      position,
      name,
      pipeline: this.parsePipeline('template clause', 'right-delimiter'),
    };
  }

  private parseBlock(): Statement {
    const position = this.peekAfterSpace().position;
    const name = this.parseName('block clause');
    const pipeline = this.parsePipeline('block clause', 'right-delimiter');
    this.define(name, this.parseOwnBody('block clause'));
    return { kind: 'template', position, name, pipeline };
  }

  private parsePipeline(context: string, end: 'right-delimiter' | 'right-paren'): Pipeline {
    if (++this.depth > maxDepth) this.fail(`more than ${maxDepth} levels of nesting`);
    const position = this.peekAfterSpace().position;
    const { variables, isAssignment } = this.parseVariables(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.peekAfterSpace();
      if (token.kind === end) {
        this.next();
        break;
      }
      if (!startsOperand(token)) {
        this.next();
        this.unexpected(token, context);
      }
      commands.push(this.parseCommand());
    }
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    for (const [i, command] of commands.entries()) {
      const kind = command.operands[0]?.kind ?? 'nil';
      if (i > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes(kind)) {
        this.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
    this.depth--;
    return { kind: 'pipeline', position, isAssignment, variables, commands };
  }

  private parseVariables(context: string): { variables: string[]; isAssignment: boolean } {
    const variables: string[] = [];
    for (;;) {
      const start = this.index;
      const variable = this.peekAfterSpace();
      if (variable.kind !== 'variable') return { variables, isAssignment: false };
      this.next();
      const next = this.peekAfterSpace();
      const isComma = next.kind === 'character' && next.text === ',';
      if (next.kind !== 'assign' && next.kind !== 'declare' && !isComma) {
        this.index = start;
        return { variables, isAssignment: false };
      }
      this.next();
      variables.push(variable.text);
      // The evaluator finds out whether the variable of an assignment exists.
      if (next.kind === 'assign') return { variables, isAssignment: true };
      this.variables.push(variable.text);
      if (!isComma) return { variables, isAssignment: false };
      if (context !== 'range' || variables.length > 1) this.fail(`too many declarations in ${context}`);
      const after = this.peekAfterSpace().kind;
      if (after !== 'variable' && after !== 'right-delimiter' && after !== 'right-paren') {
        this.fail('range can only initialize variables');
      }
    }
  }

  private parseCommand(): Command {
    const position = this.peekAfterSpace().position;
    const operands: Operand[] = [];
    for (;;) {
      this.peekAfterSpace();
      const operand = this.parseOperand();
      if (operand !== undefined) operands.push(operand);
      const token = this.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right-delimiter' || token.kind === 'right-paren') this.index--;
      else if (token.kind !== 'pipe') this.unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.fail('empty command');
    return { kind: 'command', position, operands };
  }

  private parseOperand(): Operand | undefined {
    const term = this.parseTerm();
    if (term === undefined || this.peek().kind !== 'field') return term;
    const position = this.peek().position;
    const fields: string[] = [];
    while (this.peek().kind === 'field') fields.push(this.next().text.slice(1));
    switch (term.kind) {
      case 'field':
        return { kind: 'field', position, names: [...term.names, ...fields] };
      case 'variable':
        return { kind: 'variable', position, name: term.name, fields };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.fail(`unexpected . after term ${JSON.stringify(format(term))}`);
      default:
        return { kind: 'chain', position, operand: term, fields };
    }
  }

  private parseTerm(): Operand | undefined {
    const token = this.nextAfterSpace();
    const { position, text } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.hasFunction(text)) this.fail(`function ${JSON.stringify(text)} not defined`);
        return { kind: 'identifier', position, name: text };
      case 'dot':
        return { kind: 'dot', position };
      case 'keyword':
        if (text !== 'nil') break;
        return { kind: 'nil', position };
      case 'variable':
        this.checkVariable(text);
        return { kind: 'variable', position, name: text, fields: [] };
      case 'field':
        return { kind: 'field', position, names: [text.slice(1)] };
      case 'bool':
        return { kind: 'bool', position, value: text === 'true' };
      case 'character-constant': {
        const character = unquote(text);
        if (character === undefined || [...character].length !== 1)
          this.fail(`malformed character constant: ${text}`);
        const point = character.codePointAt(0) ?? 0;
        return { kind: 'number', position, text, isFloat: false, integer: BigInt(point), float: point };
      }
      case 'number': {
        const number = parseNumber(text);
        if (number === undefined) {
          const problem = /^[+-]?\d+$/.test(text) ? 'integer overflow' : 'illegal number syntax';
          this.fail(`${problem}: ${JSON.stringify(text)}`);
        }
        return { kind: 'number', position, text, ...number };
      }
      case 'string':
      case 'raw-string':
        return {
          kind: 'string',
          position,
          quoted: text,
          value: unquote(text) ?? this.fail('invalid syntax'),
        };
      case 'left-paren':
        return this.parsePipeline('parenthesized pipeline', 'right-paren');
    }
    this.index--;
    return undefined;
  }

  private checkVariable(name: string): void {
    if (!this.variables.includes(name)) this.fail(`undefined variable ${JSON.stringify(name)}`);
  }
}

function startsOperand(token: Token): boolean {
  if (token.kind === 'keyword') return token.text === 'nil';
  return (
    [
      'bool',
      'character-constant',
      'dot',
      'field',
      'identifier',
      'number',
      'raw-string',
      'string',
      'variable',
    ].includes(token.kind) || token.kind === 'left-paren'
  );
}

function describe(token: Token): string {
  if (token.kind === 'end-of-input') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (token.kind === 'keyword' || token.kind === 'dot') return `<${token.text}>`;
  if (token.text.length > 10) return `${JSON.stringify(token.text.slice(0, 10))}...`;
  return JSON.stringify(token.text);
}
