import type { Token } from '#cli/output/template/lex.ts';
import { parseNumber, unquote } from '#cli/output/template/literals.ts';
import { type Command, format, type Operand, type Pipeline } from '#cli/output/template/nodes.ts';
import type { TokenReader } from '#cli/output/template/token-reader.ts';

/** Parses what stands inside an action: `$x := a | b c (d e).F`. */
export class PipelineParser {
  /** Variables in scope, the innermost last. The statements' parser ends scopes by cutting it. */
  variables = ['$'];
  private readonly tokens: TokenReader;
  private readonly hasFunction: (name: string) => boolean;

  constructor(tokens: TokenReader, hasFunction: (name: string) => boolean) {
    this.tokens = tokens;
    this.hasFunction = hasFunction;
  }

  parse(context: string, end: 'right-delimiter' | 'right-paren'): Pipeline {
    this.tokens.enter();
    const position = this.tokens.peekAfterSpace().position;
    const { variables, isAssignment } = this.parseVariables(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.tokens.peekAfterSpace();
      if (token.kind === end) {
        this.tokens.next();
        break;
      }
      if (!startsOperand(token)) {
        this.tokens.next();
        this.tokens.unexpected(token, context);
      }
      commands.push(this.parseCommand());
    }
    if (commands.length === 0) this.tokens.fail(`missing value for ${context}`);
    for (const [i, command] of commands.entries()) {
      const kind = command.operands[0]?.kind ?? 'nil';
      if (i > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes(kind)) {
        this.tokens.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
    this.tokens.leave();
    return { kind: 'pipeline', position, isAssignment, variables, commands };
  }

  private parseVariables(context: string): { variables: string[]; isAssignment: boolean } {
    const variables: string[] = [];
    for (;;) {
      const start = this.tokens.mark;
      const variable = this.tokens.peekAfterSpace();
      if (variable.kind !== 'variable') return { variables, isAssignment: false };
      this.tokens.next();
      const next = this.tokens.peekAfterSpace();
      const isComma = next.kind === 'character' && next.text === ',';
      if (next.kind !== 'assign' && next.kind !== 'declare' && !isComma) {
        this.tokens.reset(start);
        return { variables, isAssignment: false };
      }
      this.tokens.next();
      variables.push(variable.text);
      // The evaluator finds out whether the variable of an assignment exists.
      if (next.kind === 'assign') return { variables, isAssignment: true };
      this.variables.push(variable.text);
      if (!isComma) return { variables, isAssignment: false };
      if (context !== 'range' || variables.length > 1)
        this.tokens.fail(`too many declarations in ${context}`);
      const after = this.tokens.peekAfterSpace().kind;
      if (after !== 'variable' && after !== 'right-delimiter' && after !== 'right-paren') {
        this.tokens.fail('range can only initialize variables');
      }
    }
  }

  private parseCommand(): Command {
    const position = this.tokens.peekAfterSpace().position;
    const operands: Operand[] = [];
    for (;;) {
      this.tokens.peekAfterSpace();
      const operand = this.parseOperand();
      if (operand !== undefined) operands.push(operand);
      const token = this.tokens.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right-delimiter' || token.kind === 'right-paren') this.tokens.back();
      else if (token.kind !== 'pipe') this.tokens.unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.tokens.fail('empty command');
    return { kind: 'command', position, operands };
  }

  private parseOperand(): Operand | undefined {
    const term = this.parseTerm();
    if (term === undefined || this.tokens.peek().kind !== 'field') return term;
    const position = this.tokens.peek().position;
    const fields: string[] = [];
    while (this.tokens.peek().kind === 'field') fields.push(this.tokens.next().text.slice(1));
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
        return this.tokens.fail(`unexpected . after term ${JSON.stringify(format(term))}`);
      default:
        return { kind: 'chain', position, operand: term, fields };
    }
  }

  private parseTerm(): Operand | undefined {
    const token = this.tokens.nextAfterSpace();
    const { position, text } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.hasFunction(text)) this.tokens.fail(`function ${JSON.stringify(text)} not defined`);
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
          this.tokens.fail(`malformed character constant: ${text}`);
        const point = character.codePointAt(0) ?? 0;
        return { kind: 'number', position, text, isFloat: false, integer: BigInt(point), float: point };
      }
      case 'number': {
        const number = parseNumber(text);
        if (number === undefined) {
          const problem = /^[+-]?\d+$/.test(text) ? 'integer overflow' : 'illegal number syntax';
          this.tokens.fail(`${problem}: ${JSON.stringify(text)}`);
        }
        return { kind: 'number', position, text, ...number };
      }
      case 'string':
      case 'raw-string':
        return {
          kind: 'string',
          position,
          quoted: text,
          value: unquote(text) ?? this.tokens.fail('invalid syntax'),
        };
      case 'left-paren':
        return this.parse('parenthesized pipeline', 'right-paren');
    }
    this.tokens.back();
    return undefined;
  }

  private checkVariable(name: string): void {
    if (!this.variables.includes(name)) this.tokens.fail(`undefined variable ${JSON.stringify(name)}`);
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
