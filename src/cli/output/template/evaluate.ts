import { CallEvaluator } from '#cli/output/template/call.ts';
import type { EvaluationSettings } from '#cli/output/template/functions.ts';
import { format, type Node, type Pipeline, type Statement } from '#cli/output/template/nodes.ts';
import type { Template } from '#cli/output/template/parse.ts';
import { printResult } from '#cli/output/template/print.ts';
import {
  indirect,
  intValue,
  isTrue,
  type Result,
  sortedEntries,
  stringValue,
  type Value,
} from '#cli/output/template/value.ts';
import { DhowError } from '#errors/error.ts';

/** Templates that call each other deeper than this are refused. */
const maxDepth = 1_000;
/** More output than this is refused: `{{range 1000000000}}` must not exhaust the memory. */
const maxOutput = 64 * 1024 * 1024;

/**
 * The text of a template for one value.
 * @throws InvalidParameter, with the words and the position that Go's own evaluator gives
 */
export function evaluateTemplate(template: Template, data: Value, settings: EvaluationSettings): string {
  return new Evaluator(template, data, settings).run();
}

interface Variable {
  readonly name: string;
  value: Result;
}

/** `break` and `continue`, thrown up to the `range` around them. */
class Jump extends Error {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    super(kind);
    this.kind = kind;
  }
}

class Evaluator {
  private readonly template: Template;
  private readonly data: Value;
  private readonly calls: CallEvaluator;
  private variables: Variable[];
  private output: string[] = [];
  private outputLength = 0;
  private depth = 0;
  private templateName: string;
  /** Where an error would be reported. */
  private node: Node | undefined;

  constructor(template: Template, data: Value, settings: EvaluationSettings) {
    this.template = template;
    this.templateName = template.name;
    this.data = data;
    this.variables = [{ name: '$', value: data }];
    this.calls = new CallEvaluator({
      settings,
      at: (node) => {
        this.node = node;
      },
      fail: (message) => this.fail(message),
      variable: (name) => this.variable(name).value,
      pipeline: (dot, pipeline) => this.pipeline(dot, pipeline),
    });
  }

  run(): string {
    this.statements(this.data, this.template.body);
    return this.output.join('');
  }

  private fail(message: string): never {
    const name = JSON.stringify(this.templateName);
    const where =
      this.node === undefined
        ? ''
        : `${this.location(this.node)}: executing ${name} at <${format(this.node)}>: `;
    throw new DhowError('InvalidParameter', `template: ${where}${message}`);
  }

  private location(node: Node): string {
    const before = this.template.text.slice(0, node.position);
    const lines = before.split('\n');
    return `${this.template.name}:${lines.length}:${Buffer.byteLength(lines.at(-1) ?? '')}`;
  }

  private write(text: string): void {
    this.outputLength += text.length;
    if (this.outputLength > maxOutput) this.fail('the output is too long');
    this.output.push(text);
  }

  private variable(name: string): Variable {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      const variable = this.variables[i];
      if (variable?.name === name) return variable;
    }
    return this.fail(`undefined variable: ${name}`);
  }

  private statements(dot: Result, list: readonly Statement[]): void {
    for (const statement of list) this.statement(dot, statement);
  }

  private statement(dot: Result, statement: Statement): void {
    this.node = statement;
    switch (statement.kind) {
      case 'text':
        this.write(statement.text);
        return;
      case 'action': {
        const value = this.pipeline(dot, statement.pipeline);
        this.node = statement;
        if (statement.pipeline.variables.length === 0) this.write(printResult(value));
        return;
      }
      case 'if':
      case 'with': {
        const scope = this.variables.length;
        const value = this.pipeline(dot, statement.pipeline);
        const inner = statement.kind === 'with' ? value : dot;
        if (isTrue(value)) this.statements(inner, statement.body);
        else this.statements(dot, statement.otherwise);
        this.variables.length = scope;
        return;
      }
      case 'range':
        this.range(dot, statement);
        return;
      case 'template':
        this.call(dot, statement);
        return;
      case 'break':
      case 'continue':
        throw new Jump(statement.kind);
    }
  }

  private range(dot: Result, statement: Extract<Statement, { pipeline: Pipeline; body: Statement[] }>): void {
    const scope = this.variables.length;
    const subject = indirect(this.pipeline(dot, statement.pipeline)).value;
    const names = statement.pipeline.variables.length;
    if (subject?.kind === 'int' && names > 1) {
      this.fail(`can't use ${subject.data} to iterate over more than one variable`);
    }
    const bodyScope = this.variables.length;
    let count = 0;
    for (const [key, item] of this.items(subject)) {
      count++;
      this.assignRange(statement.pipeline, key, item);
      try {
        this.statements(item, statement.body);
      } catch (error) {
        if (!(error instanceof Jump)) throw error;
        if (error.kind === 'break') break;
      } finally {
        this.variables.length = bodyScope;
      }
    }
    if (count === 0) this.statements(dot, statement.otherwise);
    this.variables.length = scope;
  }

  private assignRange(pipeline: Pipeline, key: Value, item: Value): void {
    const names = pipeline.variables;
    const [first, second] = names.length > 1 ? [key, item] : [item, undefined];
    for (const [i, value] of [first, second].entries()) {
      const name = names[i];
      if (name !== undefined && value !== undefined) this.variable(name).value = value;
    }
  }

  private *items(subject: Result): Iterable<[Value, Value]> {
    switch (subject?.kind) {
      case undefined:
      case 'interface':
      case 'pointer':
        return;
      case 'slice':
        for (const [i, item] of (subject.data ?? []).entries()) yield [intValue(i), item];
        return;
      case 'map':
        for (const [key, item] of sortedEntries(subject.data ?? new Map())) yield [stringValue(key), item];
        return;
      case 'int':
        for (let i = 0n; i < subject.data; i++) yield [intValue(i), intValue(i)];
        return;
      default:
        this.fail(`range can't iterate over ${printResult(subject)}`);
    }
  }

  private call(dot: Result, statement: Statement & { kind: 'template' }): void {
    const body = this.template.definitions.get(statement.name);
    if (body === undefined) this.fail(`template ${JSON.stringify(statement.name)} not defined`);
    if (++this.depth > maxDepth) this.fail(`exceeded maximum template depth (${maxDepth})`);
    const inner = statement.pipeline === undefined ? undefined : this.pipeline(dot, statement.pipeline);
    const outer = { variables: this.variables, name: this.templateName };
    this.variables = [{ name: '$', value: inner }];
    this.templateName = statement.name;
    this.statements(inner, body);
    this.variables = outer.variables;
    this.templateName = outer.name;
    this.depth--;
  }

  private pipeline(dot: Result, pipeline: Pipeline): Result {
    this.node = pipeline;
    let value: Result;
    for (const [i, command] of pipeline.commands.entries()) {
      value = this.calls.command(dot, command, i === 0 ? [] : [value]);
      if (value?.kind === 'interface') value = value.data ?? undefined;
    }
    for (const name of pipeline.variables) {
      if (pipeline.isAssignment) this.variable(name).value = value;
      else this.variables.push({ name, value });
    }
    return value;
  }
}
