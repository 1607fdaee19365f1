import { equal, FunctionFailure, isAtMost, isLess, notEqual } from '#cli/output/template/compare.ts';
import { toJson } from '#cli/output/template/json.ts';
import { printResult } from '#cli/output/template/print.ts';
import { sprint, sprintf, sprintln } from '#cli/output/template/printf.ts';
import {
  anyType,
  boolValue,
  type GoType,
  indirect,
  intType,
  intValue,
  isTrue,
  type Result,
  stringsType,
  stringsValue,
  stringType,
  stringValue,
  unwrap,
  type Value,
  zeroOf,
} from '#cli/output/template/value.ts';

/**
 * A function of the template language. `parameters` are what Go's declaration says; the evaluator checks count and types. A
 * parameter of type `interface {}` may be the invalid value.
 */
export interface TemplateFunction {
  readonly parameters: readonly GoType[];
  /** The last parameter may be repeated or left out. */
  readonly variadic?: boolean;
  /** A parameter left unevaluated until the earlier ones have decided: `and`, `or`. */
  readonly stopsAt?: (value: Result) => boolean;
  call(args: readonly Result[]): Result;
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

export interface EvaluationSettings {
  readonly functions: FunctionTable;
  /** What a missing key of a map is: Go's invalid value (`<no value>`) or an error. */
  readonly missingKey: 'no-value' | 'error';
}

const text = (value: Result): string => (value?.kind === 'string' ? value.data : '');
const integer = (value: Result): number => (value?.kind === 'int' ? Number(value.data) : 0);
const texts = (value: Result): string[] => (value?.kind === 'slice' ? (value.data ?? []).map(text) : []);

function strings(transform: (value: string) => string): TemplateFunction {
  return { parameters: [stringType], call: ([value]) => stringValue(transform(text(value))) };
}

function variadicText(transform: (values: readonly Result[]) => string): TemplateFunction {
  return { parameters: [anyType], variadic: true, call: (args) => stringValue(transform(args)) };
}

function comparison(compare: (first: Result, second: Result) => boolean): TemplateFunction {
  return { parameters: [anyType, anyType], call: ([first, second]) => boolValue(compare(first, second)) };
}

const builtins: Readonly<Record<string, TemplateFunction>> = {
  and: {
    parameters: [anyType, anyType],
    variadic: true,
    stopsAt: (value) => !isTrue(value),
    call: (args) => args.at(-1),
  },
  or: { parameters: [anyType, anyType], variadic: true, stopsAt: isTrue, call: (args) => args.at(-1) },
  not: { parameters: [anyType], call: ([value]) => boolValue(!isTrue(unwrap(value))) },
  eq: {
    parameters: [anyType, anyType],
    variadic: true,
    call: ([first, ...rest]) => boolValue(equal(first, rest)),
  },
  ne: comparison(notEqual),
  lt: comparison(isLess),
  le: comparison(isAtMost),
  gt: comparison((first, second) => !isAtMost(first, second)),
  ge: comparison((first, second) => !isLess(first, second)),
  len: { parameters: [anyType], call: ([value]) => intValue(lengthOf(value)) },
  index: {
    parameters: [anyType, anyType],
    variadic: true,
    call: ([value, ...keys]) => indexInto(value, keys),
  },
  slice: {
    parameters: [anyType, anyType],
    variadic: true,
    call: ([value, ...bounds]) => sliceValue(value, bounds),
  },
  print: variadicText(sprint),
  println: variadicText(sprintln),
  printf: {
    parameters: [stringType, anyType],
    variadic: true,
    call: ([format, ...args]) => stringValue(sprintf(text(format), args)),
  },
  html: variadicText((args) => escapeHtml(sprintEach(args))),
  js: variadicText((args) => escapeScript(sprintEach(args))),
  urlquery: variadicText((args) => escapeQuery(sprintEach(args))),
  call: {
    parameters: [anyType, anyType],
    variadic: true,
    call: ([value]) => {
      throw new FunctionFailure(`non-function of type ${value?.type.name ?? 'nil'}`);
    },
  },
};

const dockerFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: { parameters: [anyType], call: ([value]) => stringValue(toJson(value)) },
  split: {
    parameters: [stringType, stringType],
    call: ([value, separator]) => stringsValue(text(value).split(text(separator))),
  },
  join: {
    parameters: [stringsType, stringType],
    call: ([value, separator]) => stringValue(texts(value).join(text(separator))),
  },
  title: strings((value) => value.replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase())),
  lower: strings((value) => value.toLowerCase()),
  upper: strings((value) => value.toUpperCase()),
  pad: {
    parameters: [stringType, intType, intType],
    call: ([value, before, after]) => {
      const inner = text(value);
      return stringValue(inner === '' ? '' : spaces(before) + inner + spaces(after));
    },
  },
  truncate: {
    parameters: [stringType, intType],
    call: ([value, length]) => stringValue([...text(value)].slice(0, Math.max(integer(length), 0)).join('')),
  },
};

/** In the header of a table the functions are applied to the column's title, and most leave it as it is. */
const headerFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: strings((value) => value),
  split: { parameters: [stringType, stringType], call: ([value]) => value },
  join: { parameters: [stringType, stringType], call: ([value]) => value },
  title: strings((value) => value),
  lower: strings((value) => value),
  upper: strings((value) => value),
  truncate: { parameters: [stringType, intType], call: ([value]) => value },
};

export const functions: FunctionTable = new Map(Object.entries({ ...builtins, ...dockerFunctions }));
export const functionsForHeader: FunctionTable = new Map([...functions, ...Object.entries(headerFunctions)]);

function spaces(count: Result): string {
  const number = integer(count);
  if (number < 0 || number > 65_536)
    throw new FunctionFailure(`a padding of ${number} characters is not possible`);
  return ' '.repeat(number);
}

function lengthOf(value: Result): number {
  const { value: item, isNil } = indirect(value);
  if (item === undefined) throw new FunctionFailure('reflect: call of reflect.Value.Type on zero Value');
  if (isNil) throw new FunctionFailure('len of nil pointer');
  if (item.kind === 'string') return Buffer.byteLength(item.data);
  if (item.kind === 'slice') return item.data?.length ?? 0;
  if (item.kind === 'map') return item.data?.size ?? 0;
  throw new FunctionFailure(`len of type ${item.type.name}`);
}

function indexInto(container: Result, keys: readonly Result[]): Result {
  let current: Result = unwrap(container);
  if (current === undefined) throw new FunctionFailure('index of untyped nil');
  for (const key of keys) {
    const { value: item, isNil } = indirect(current);
    if (item === undefined) throw new FunctionFailure('index of untyped nil');
    if (isNil) throw new FunctionFailure('index of nil pointer');
    current = unwrap(indexOnce(item, unwrap(key)));
  }
  return current;
}

function indexOnce(item: Value, key: Result): Result {
  if (item.kind === 'map') {
    if (key === undefined) throw new FunctionFailure('value is nil; should be of type string');
    if (key.kind !== 'string') throw new FunctionFailure(`value has type ${key.type.name}; should be string`);
    return item.data?.get(key.data) ?? zeroOf(item.type.element ?? anyType);
  }
  if (item.kind === 'slice') {
    const items = item.data ?? [];
    const found = items[position(key, items.length)];
    if (found === undefined) throw new FunctionFailure('reflect: slice index out of range');
    return found;
  }
  if (item.kind === 'string') {
    const bytes = Buffer.from(item.data);
    const at = position(key, bytes.length);
    if (at >= bytes.length) throw new FunctionFailure('reflect: string index out of range');
    return { kind: 'int', type: { kind: 'int', name: 'uint8' }, data: BigInt(bytes[at] ?? 0) };
  }
  throw new FunctionFailure(`can't index item of type ${item.type.name}`);
}

function position(key: Result, length: number): number {
  if (key === undefined) throw new FunctionFailure('cannot index slice/array with nil');
  if (key.kind !== 'int') throw new FunctionFailure(`cannot index slice/array with type ${key.type.name}`);
  const at = Number(key.data);
  return at < 0 || at > length ? outOfRange(key) : at;
}

function outOfRange(key: Result): never {
  throw new FunctionFailure(key?.kind === 'int' ? `index out of range: ${key.data}` : 'index out of range');
}

function sliceValue(value: Result, bounds: readonly Result[]): Result {
  const { value: item } = indirect(value);
  if (item === undefined) throw new FunctionFailure('slice of untyped nil');
  if (bounds.length > 3) throw new FunctionFailure(`too many slice indexes: ${bounds.length}`);
  if (item.kind === 'string') {
    if (bounds.length === 3) throw new FunctionFailure('cannot 3-index slice a string');
    const bytes = Buffer.from(item.data);
    const [from, to] = range(bounds, bytes.length);
    return { kind: 'string', type: item.type, data: bytes.subarray(from, to).toString() };
  }
  if (item.kind !== 'slice') throw new FunctionFailure(`can't slice item of type ${item.type.name}`);
  const [from, to] = range(bounds, item.data?.length ?? 0);
  return { kind: 'slice', type: item.type, data: item.data?.slice(from, to) ?? null };
}

function range(bounds: readonly Result[], length: number): [number, number] {
  const [from = 0, to = length] = bounds.map((bound) => position(unwrap(bound), length));
  if (from > to) throw new FunctionFailure(`invalid slice index: ${from} > ${to}`);
  return [from, to];
}

function sprintEach(args: readonly Result[]): string {
  const only = args.length === 1 ? unwrap(args[0]) : undefined;
  if (only?.kind === 'string') return only.data;
  return sprint(args.map((arg) => (arg === undefined ? stringValue(printResult(arg)) : indirect(arg).value)));
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

function escapeHtml(value: string): string {
  return value.replace(/[\0"'&<>]/g, (character) => htmlEscapes[character] ?? character);
}

function escapeScript(value: string): string {
  return value.replace(/[\\'"<>&=]|[^\x20-\uffff]/g, (character) => {
    if (character === '\\' || character === "'" || character === '"') return `\\${character}`;
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

function escapeQuery(value: string): string {
  return encodeURIComponent(value)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
