import { complain, complainUnsupported, describeKind, isNull, type Node } from '#compose/document/node.ts';
import { parseDuration } from '#compose/model/duration.ts';
import { formatGoDuration } from '#wire/go-duration.ts';

/**
 * Reads one value of the tree; `path` names it in messages, as in `services.web.ports[0].target`. All throw InvalidParameter with the
 * place in the file.
 */
export type Decoder<Value> = (node: Node, path: string) => Value;
export type Decoded<D> = D extends Decoder<infer Value> ? Value : never;

/** A text; numbers and booleans count as the text that they print. */
export const text: Decoder<string> = (node, path) => {
  if (node.kind === 'scalar' && node.value !== null) return String(node.value);
  throw wrong(node, path, 'a text');
};

/** Like `text`; nothing is null. */
export const textOrNull: Decoder<string | null> = (node, path) => (isNull(node) ? null : text(node, path));

export const bool: Decoder<boolean> = (node, path) => {
  if (node.kind === 'scalar') {
    if (node.value === true || node.value === 'true') return true;
    if (node.value === false || node.value === 'false') return false;
  }
  throw wrong(node, path, 'true or false');
};

export const number: Decoder<number> = (node, path) => {
  const value = node.kind === 'scalar' && node.value !== '' ? Number(node.value) : Number.NaN;
  if (isNull(node) || typeof (node as { value?: unknown }).value === 'boolean' || !Number.isFinite(value)) {
    throw wrong(node, path, 'a number');
  }
  return value;
};

export const integer: Decoder<number> = (node, path) => {
  const value = number(node, path);
  if (!Number.isSafeInteger(value)) throw wrong(node, path, 'a whole number');
  return value;
};

/**
 * Permission bits as a number. A text is octal, and so is a number that begins with a zero (`0440`, `0o440`), whatever the YAML version
 * says; any other number is decimal.
 */
export const modeBits: Decoder<number> = (node, path) => {
  const source = node.kind === 'scalar' ? node.source : '';
  const octal = /^0?o?([0-7]{1,5})$/.exec(source)?.[1];
  const isText = node.kind === 'scalar' && typeof node.value === 'string';
  if (octal !== undefined && (isText || source.startsWith('0'))) return Number.parseInt(octal, 8);
  if (!isText && /^\d{1,5}$/.test(source)) return Number(source);
  throw wrong(node, path, 'an octal file mode such as 0440');
};

/** The same, as octal text with a leading zero. */
export const fileMode: Decoder<string> = (node, path) => `0${modeBits(node, path).toString(8)}`;

const factors: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

/** An amount such as `512m`, as decimal text in bytes. */
export const bytes: Decoder<string> = (node, path) => {
  const found = /^(-1|\d+(?:\.\d+)?)\s*([bkmgtp])?i?b?$/i.exec(text(node, path).trim());
  if (found === null) throw wrong(node, path, 'an amount of bytes such as 512m');
  return String(Math.floor(Number(found[1]) * (factors[(found[2] ?? 'b').toLowerCase()] ?? 1)));
};

/** A time such as `90s`, as the text that Docker Compose has for it, `1m30s`: the digest of a service depends on it. */
export const duration: Decoder<string> = (node, path) => {
  const time = parseDuration(text(node, path));
  if (time === undefined) throw wrong(node, path, 'a duration such as 1m30s');
  return formatGoDuration(BigInt(time));
};

export function oneOf<const Choice extends string>(...choices: Choice[]): Decoder<Choice> {
  return (node, path) => {
    const written = text(node, path);
    const found = choices.find((choice) => choice === written);
    if (found === undefined)
      throw complain(node.at, `${path}: "${written}" is none of ${choices.join(', ')}`);
    return found;
  };
}

export function listOf<Value>(decode: Decoder<Value>): Decoder<Value[]> {
  return (node, path) => {
    if (node.kind !== 'sequence') throw wrong(node, path, 'a list');
    return node.items.map((item, index) => decode(item, `${path}[${index}]`));
  };
}

export function mapOf<Value>(decode: Decoder<Value>): Decoder<Record<string, Value>> {
  return (node, path) => {
    if (isNull(node)) return {};
    if (node.kind !== 'mapping') throw wrong(node, path, 'a mapping');
    const entries = [...node.entries].map(([key, value]) => [key, decode(value, `${path}.${key}`)] as const);
    return Object.fromEntries(entries);
  };
}

export function orNull<Value>(decode: Decoder<Value>): Decoder<Value | null> {
  return (node, path) => (isNull(node) ? null : decode(node, path));
}

type FieldTable = Readonly<Record<string, Decoder<unknown>>>;
type Fields<Table extends FieldTable> = { [Key in keyof Table]?: Decoded<Table[Key]> };

/**
 * A mapping with known keys. `x-…` is anybody's own; keys in `refused` are those that the specification has and this engine does not do.
 * Keys without a value are left out, unless their decoder takes nothing (`nullables`).
 */
export function fields<const Table extends FieldTable>(
  table: Table,
  options: { refused?: readonly string[]; nullables?: readonly string[] } = {},
): Decoder<Fields<Table>> {
  return (node, path) => {
    if (node.kind !== 'mapping') throw wrong(node, path, 'a mapping');
    const result: Record<string, unknown> = {};
    for (const [key, value] of node.entries) {
      if (key.startsWith('x-')) continue;
      if (options.refused?.includes(key)) {
        throw complainUnsupported(value.at, `${path}: "${key}" is not supported yet`);
      }
      const decode = Object.hasOwn(table, key) ? table[key] : undefined;
      if (decode === undefined) throw complain(value.at, `${path}: unknown key "${key}"`);
      if (isNull(value) && !options.nullables?.includes(key)) continue;
      result[key] = decode(value, `${path}.${key}`);
    }
    return result as Fields<Table>;
  };
}

function wrong(node: Node, path: string, expected: string) {
  const value = node.kind === 'scalar' && node.value !== null ? ` ("${node.value}")` : '';
  return complain(node.at, `${path} must be ${expected}, not ${describeKind(node)}${value}`);
}
