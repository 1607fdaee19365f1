import { unquote } from '#cli/output/template/literals.ts';
import type { Statement } from '#cli/output/template/nodes.ts';
import { PipelineParser } from '#cli/output/template/parse-pipeline.ts';
import { TokenReader } from '#cli/output/template/token-reader.ts';

/** A parsed template: its own statements and those of the templates it defines. */
export interface Template {
  /** For messages; most of Docker's templates have an empty one. */
  readonly name: string;
  readonly text: string;
  readonly body: readonly Statement[];
  readonly definitions: ReadonlyMap<string, readonly Statement[]>;
}

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
  private readonly tokens: TokenReader;
  private readonly pipelines: PipelineParser;
  private readonly definitions = new Map<string, readonly Statement[]>();
  private rangeDepth = 0;

  constructor(text: string, hasFunction: (name: string) => boolean, name: string) {
    this.text = text;
    this.name = name;
    this.tokens = new TokenReader(text, name);
    this.pipelines = new PipelineParser(this.tokens, hasFunction);
  }

  run(): Template {
    const body: Statement[] = [];
    while (this.tokens.peek().kind !== 'end-of-input') {
      if (this.tokens.startsAction('define')) {
        this.parseDefinition();
        continue;
      }
      const statement = this.parseStatement();
      if (statement === 'end' || statement === 'else') this.tokens.fail(`unexpected {{${statement}}}`);
      else body.push(statement);
    }
    return { name: this.name, text: this.text, body, definitions: this.definitions };
  }

  private parseDefinition(): void {
    this.tokens.next();
    this.tokens.nextAfterSpace();
    const name = this.parseName('define clause');
    this.tokens.expect('right-delimiter', 'define clause');
    this.define(name, this.parseOwnBody('define clause'));
  }

  /** The body of a template of its own: it sees no variables but `$`. */
  private parseOwnBody(context: string): Statement[] {
    const outer = { variables: this.pipelines.variables, rangeDepth: this.rangeDepth };
    this.pipelines.variables = ['$'];
    this.rangeDepth = 0;
    const [body, end] = this.parseList();
    if (end !== 'end') this.tokens.fail(`unexpected {{${end}}} in ${context}`);
    this.pipelines.variables = outer.variables;
    this.rangeDepth = outer.rangeDepth;
    return body;
  }

  private define(name: string, body: readonly Statement[]): void {
    const known = this.definitions.get(name);
    if (known !== undefined && known.length > 0 && body.length > 0) {
      this.tokens.fail(`template: multiple definition of template ${JSON.stringify(name)}`);
    }
    if (known === undefined || known.length === 0) this.definitions.set(name, body);
  }

  private parseName(context: string): string {
    const token = this.tokens.nextAfterSpace();
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.tokens.unexpected(token, context);
    return unquote(token.text) ?? this.tokens.fail('invalid syntax');
  }

  private parseList(): [Statement[], ListEnd] {
    this.tokens.enter();
    const list: Statement[] = [];
    while (this.tokens.peekAfterSpace().kind !== 'end-of-input') {
      const statement = this.parseStatement();
      if (statement === 'end' || statement === 'else') {
        this.tokens.leave();
        return [list, statement];
      }
      list.push(statement);
    }
    this.tokens.fail('unexpected EOF');
  }

  private parseStatement(): Statement | ListEnd {
    const token = this.tokens.nextAfterSpace();
    if (token.kind === 'text') return { kind: 'text', position: token.position, text: token.text };
    if (token.kind !== 'left-delimiter') this.tokens.unexpected(token, 'input');
    const word = this.tokens.peekAfterSpace();
    if (word.kind === 'keyword') {
      switch (word.text) {
        case 'if':
        case 'with':
        case 'range':
          this.tokens.next();
          return this.parseControl(word.text, word.position);
        case 'break':
        case 'continue':
          this.tokens.next();
          return this.parseJump(word.text, word.position);
        case 'end':
          this.tokens.next();
          this.tokens.expect('right-delimiter', 'end');
          return 'end';
        case 'else':
          this.tokens.next();
          return this.parseElse();
        case 'template':
          this.tokens.next();
          return this.parseCall();
        case 'block':
          this.tokens.next();
          return this.parseBlock();
      }
    }
    const pipeline = this.pipelines.parse('command', 'right-delimiter');
    return { kind: 'action', position: word.position, pipeline };
  }

  private parseElse(): ListEnd {
    const next = this.tokens.peekAfterSpace();
    // `else if` and `else with` leave the word to the statement that they continue.
    if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) return 'else';
    this.tokens.expect('right-delimiter', 'else');
    return 'else';
  }

  private parseJump(kind: 'break' | 'continue', position: number): Statement {
    const token = this.tokens.nextAfterSpace();
    if (token.kind !== 'right-delimiter') this.tokens.unexpected(token, `{{${kind}}}`);
    if (this.rangeDepth === 0) this.tokens.fail(`{{${kind}}} outside {{range}}`);
    return { kind, position };
  }

  private parseControl(kind: 'if' | 'with' | 'range', position: number): Statement {
    this.tokens.enter();
    const scope = this.pipelines.variables.length;
    const pipeline = this.pipelines.parse(kind, 'right-delimiter');
    if (kind === 'range') this.rangeDepth++;
    const [body, end] = this.parseList();
    if (kind === 'range') this.rangeDepth--;
    const otherwise = end === 'else' ? this.parseOtherwise(kind) : [];
    this.pipelines.variables.length = scope;
    this.tokens.leave();
    return { kind, position, pipeline, body, otherwise };
  }

  private parseOtherwise(kind: 'if' | 'with' | 'range'): Statement[] {
    const token = this.tokens.peek();
    if (kind !== 'range' && token.kind === 'keyword' && token.text === kind) {
      this.tokens.next();
      return [this.parseControl(kind, token.position)];
    }
    const [otherwise, end] = this.parseList();
    if (end !== 'end') this.tokens.fail(`expected end; found {{${end}}}`);
    return otherwise;
  }

  private parseCall(): Statement {
    const position = this.tokens.peekAfterSpace().position;
    const name = this.parseName('template clause');
    if (this.tokens.peekAfterSpace().kind === 'right-delimiter') {
      this.tokens.next();
      return { kind: 'template', position, name, pipeline: undefined };
    }
    return {
      kind: 'template',
      position,
      name,
      pipeline: this.pipelines.parse('template clause', 'right-delimiter'),
    };
  }

  private parseBlock(): Statement {
    const position = this.tokens.peekAfterSpace().position;
    const name = this.parseName('block clause');
    const pipeline = this.pipelines.parse('block clause', 'right-delimiter');
    this.define(name, this.parseOwnBody('block clause'));
    return { kind: 'template', position, name, pipeline };
  }
}
