import { FunctionFailure } from '#cli/output/template/compare.ts';
import type { EvaluationSettings, TemplateFunction } from '#cli/output/template/functions.ts';
import { type Command, format, type Node, type Operand, type Pipeline } from '#cli/output/template/nodes.ts';
import {
  anyType,
  boolValue,
  findField,
  floatValue,
  type GoType,
  indirect,
  intValue,
  type Method,
  type Result,
  stringValue,
  unwrap,
  type Value,
  zeroOf,
} from '#cli/output/template/value.ts';

/** What the evaluation of a command needs from the evaluator around it. */
interface Surroundings {
  readonly settings: EvaluationSettings;
  /** Notes where an error would be reported. */
  at(node: Node): void;
  fail(message: string): never;
  variable(name: string): Result;
  pipeline(dot: Result, pipeline: Pipeline): Result;
}

/** Evaluates commands and their operands: fields, methods and functions with their arguments, as Go's text/template does. */
export class CallEvaluator {
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  /** `piped` holds the result of the command before in the pipeline, or nothing. */
  command(dot: Result, command: Command, piped: readonly Result[]): Result {
    const first = command.operands[0];
    if (first === undefined) return this.around.fail('empty command');
    const rest = command.operands.slice(1);
    switch (first.kind) {
      case 'field':
        this.around.at(first);
        return this.fields(dot, dot, first, first.names, rest, piped);
      case 'chain':
        return this.chain(dot, first, rest, piped);
      case 'variable':
        this.around.at(first);
        return this.variable(dot, first, rest, piped);
      case 'identifier':
        this.around.at(first);
        return this.callFunction(dot, command, first.name, rest, piped);
    }
    // Go leaves a parenthesis in front to be reported as part of the whole command.
    if (first.kind !== 'pipeline') this.around.at(first);
    if (rest.length > 0 || piped.length > 0)
      this.around.fail(`can't give argument to non-function ${format(first)}`);
    if (first.kind === 'nil') this.around.fail('nil is not a command');
    return this.operand(dot, first);
  }

  private operand(dot: Result, operand: Operand): Result {
    this.around.at(operand);
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return undefined;
      case 'bool':
        return boolValue(operand.value);
      case 'string':
        return stringValue(operand.value);
      case 'number':
        if (operand.isFloat || operand.integer === undefined) return floatValue(operand.float);
        if (operand.integer >= 2n ** 63n) this.around.fail(`${operand.text} overflows int`);
        return intValue(operand.integer);
      case 'field':
        return this.fields(dot, dot, operand, operand.names, [], []);
      case 'variable':
        return this.variable(dot, operand, [], []);
      case 'identifier':
        return this.callFunction(dot, operand, operand.name, [], []);
      case 'chain':
        return this.chain(dot, operand, [], []);
      case 'pipeline':
        return this.around.pipeline(dot, operand);
    }
  }

  private chain(
    dot: Result,
    chain: Operand & { kind: 'chain' },
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result {
    this.around.at(chain);
    const receiver = this.operand(dot, chain.operand);
    return this.fields(dot, receiver, chain.operand, chain.fields, rest, piped);
  }

  private variable(
    dot: Result,
    variable: Operand & { kind: 'variable' },
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result {
    const value = this.around.variable(variable.name);
    if (variable.fields.length > 0) return this.fields(dot, value, variable, variable.fields, rest, piped);
    if (rest.length > 0 || piped.length > 0)
      this.around.fail(`can't give argument to non-function ${format(variable)}`);
    return value;
  }

  /** `.A.B.C args`: only the last name may be a method with arguments. */
  private fields(
    dot: Result,
    receiver: Result,
    node: Node,
    names: readonly string[],
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result {
    let value = receiver;
    for (const [i, name] of names.entries()) {
      const isLast = i === names.length - 1;
      value = this.field(dot, name, node, value, isLast ? rest : [], isLast ? piped : []);
    }
    return value;
  }

  private field(
    dot: Result,
    name: string,
    node: Node,
    receiver: Result,
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result {
    const { around } = this;
    if (receiver === undefined) {
      if (around.settings.missingKey === 'error')
        around.fail(`nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    const { value: item, isNil } = indirect(receiver);
    const typeName = receiver.type.name;
    if (item === undefined || (isNil && item.kind === 'interface')) {
      return around.fail(`nil pointer evaluating ${typeName}.${name}`);
    }
    const method = methodOf(receiver, name) ?? methodOf(item, name);
    if (method !== undefined) return this.callMethod(dot, node, name, item, method, rest, piped);
    const hasArguments = rest.length > 0 || piped.length > 0;
    if (item.kind === 'struct') {
      const field = findField(item, name);
      if (field !== undefined) {
        if (hasArguments) around.fail(`${name} has arguments but cannot be invoked as function`);
        return field;
      }
    }
    if (item.kind === 'map') {
      if (hasArguments) around.fail(`${name} is not a method but has arguments`);
      const entry = item.data?.get(name);
      if (entry === undefined && around.settings.missingKey === 'error') {
        around.fail(`map has no entry for key ${JSON.stringify(name)}`);
      }
      return entry;
    }
    if (isNil && item.kind === 'pointer' && findsFieldIn(item.type.element, name)) {
      around.fail(`nil pointer evaluating ${typeName}.${name}`);
    }
    return around.fail(`can't evaluate field ${name} in type ${typeName}`);
  }

  private callMethod(
    dot: Result,
    node: Node,
    name: string,
    self: Value,
    method: Method,
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result {
    const args = this.arguments(dot, name, method, rest, piped).map((arg) => arg ?? zeroOf(anyType));
    return this.guard(node, name, () => method.call(self, args));
  }

  private callFunction(
    dot: Result,
    node: Node,
    name: string,
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result {
    const template = this.around.settings.functions.get(name);
    if (template === undefined) return this.around.fail(`${JSON.stringify(name)} is not a defined function`);
    const args = this.arguments(dot, name, template, rest, piped);
    if (name === 'call' && rest[0] !== undefined) {
      const type = unwrap(args[0])?.type.name;
      this.around.at(node);
      this.around.fail(
        type === undefined
          ? 'error calling call: call of nil'
          : `error calling call: non-function ${format(rest[0])} of type ${type}`,
      );
    }
    return this.guard(node, name, () => template.call(args));
  }

  private guard(node: Node, name: string, call: () => Result): Result {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof FunctionFailure)) throw error;
      this.around.at(node);
      return this.around.fail(`error calling ${name}: ${error.message}`);
    }
  }

  private arguments(
    dot: Result,
    name: string,
    signature: Pick<TemplateFunction, 'parameters' | 'variadic' | 'stopsAt'>,
    rest: readonly Operand[],
    piped: readonly Result[],
  ): Result[] {
    const { parameters, variadic = false, stopsAt } = signature;
    const given = rest.length + piped.length;
    const fixed = variadic ? parameters.length - 1 : parameters.length;
    if (variadic && given < fixed) {
      this.around.fail(`wrong number of args for ${name}: want at least ${fixed} got ${given}`);
    }
    if (!variadic && given !== fixed) {
      this.around.fail(`wrong number of args for ${name}: want ${fixed} got ${given}`);
    }
    const typeAt = (i: number): GoType => parameters[Math.min(i, parameters.length - 1)] ?? anyType;
    const args: Result[] = [];
    for (const [i, operand] of rest.entries()) {
      args.push(this.argument(dot, typeAt(i), operand));
      if (stopsAt?.(args.at(-1))) return args;
    }
    for (const value of piped) args.push(this.checkType(value, typeAt(rest.length)));
    return args;
  }

  private argument(dot: Result, type: GoType, operand: Operand): Result {
    const { around } = this;
    around.at(operand);
    switch (operand.kind) {
      case 'nil':
        if (type.kind === 'interface') return undefined;
        if (canBeNil(type)) return zeroOf(type);
        return around.fail(`cannot assign nil to ${type.name}`);
      case 'bool':
        if (type.kind !== 'bool' && type.kind !== 'interface') return this.refuseLiteral(type, operand);
        return boolValue(operand.value);
      case 'string':
        if (type.kind !== 'string' && type.kind !== 'interface') return this.refuseLiteral(type, operand);
        return stringValue(operand.value);
      case 'number':
        if (type.kind === 'int') {
          return operand.integer === undefined
            ? this.refuseLiteral(type, operand)
            : intValue(operand.integer);
        }
        if (type.kind !== 'interface') return this.refuseLiteral(type, operand);
        return this.operand(dot, operand);
      default:
        return this.checkType(this.operand(dot, operand), type);
    }
  }

  private refuseLiteral(type: GoType, operand: Operand): never {
    const expected: Partial<Record<GoType['kind'], string>> = {
      bool: 'bool',
      int: 'integer',
      float: 'float',
      string: 'string',
    };
    const noun = expected[type.kind];
    if (noun !== undefined) this.around.fail(`expected ${noun}; found ${format(operand)}`);
    this.around.fail(`can't handle ${format(operand)} for arg of type ${type.name}`);
  }

  private checkType(value: Result, type: GoType): Result {
    if (type.kind === 'interface') return value;
    if (value === undefined) {
      if (canBeNil(type)) return zeroOf(type);
      return this.around.fail(`invalid value; expected ${type.name}`);
    }
    const concrete = value.kind === 'interface' && value.data !== null ? value.data : value;
    if (isAssignable(concrete.type, type)) return concrete;
    if (
      concrete.kind === 'pointer' &&
      concrete.type.element !== undefined &&
      isAssignable(concrete.type.element, type)
    ) {
      return concrete.data ?? this.around.fail(`dereference of nil pointer of type ${type.name}`);
    }
    return this.around.fail(`wrong type for value; expected ${type.name}; got ${concrete.type.name}`);
  }
}

function methodOf(value: Value, name: string): Method | undefined {
  const methods = value.type.methods;
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
}

function findsFieldIn(type: GoType | undefined, name: string): boolean {
  return type?.kind === 'struct' && findField(zeroOf(type), name) !== undefined;
}

function canBeNil(type: GoType): boolean {
  return ['slice', 'map', 'pointer', 'interface'].includes(type.kind) && type.length === undefined;
}

/** Go's rule: identical types, or the same structure where one of the two has no name of its own. */
function isAssignable(from: GoType, to: GoType): boolean {
  if (from.name === to.name) return true;
  const isUnnamed = (type: GoType) => /^(\[\]|map\[|\*)/.test(type.name);
  return (
    from.kind === to.kind &&
    (isUnnamed(from) || isUnnamed(to)) &&
    from.element?.name === to.element?.name &&
    from.kind !== 'pointer'
  );
}
