import {
  anyType,
  boolValue,
  boxed,
  type Field,
  type GoType,
  indirect,
  isTrue,
  jsonNumberType,
  mapOf,
  sliceOf,
  sortedEntries,
  stringValue,
  type Value,
  zeroOf,
} from '#cli/output/template/value.ts';

/** A number together with the text that it had in JSON; the text keeps what a double cannot hold. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Parses JSON and keeps the text of every number. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value,
  );
}

const rawMap = mapOf(anyType);
const rawSlice = sliceOf(anyType);

/** A value of no known type, as Go decodes JSON into an empty interface with numbers kept as text. */
export function fromJson(json: unknown): Value {
  if (typeof json === 'string') return stringValue(json);
  if (typeof json === 'boolean') return boolValue(json);
  if (json instanceof NumberText) return { kind: 'string', type: jsonNumberType, data: json.text };
  if (typeof json === 'number') return { kind: 'string', type: jsonNumberType, data: String(json) };
  if (Array.isArray(json))
    return { kind: 'slice', type: rawSlice, data: json.map((item) => boxed(fromJson(item))) };
  if (typeof json === 'object' && json !== null) {
    return {
      kind: 'map',
      type: rawMap,
      data: new Map(Object.entries(json).map(([key, item]) => [key, boxed(fromJson(item))])),
    };
  }
  return { kind: 'interface', type: anyType, data: null };
}

/** A value of a known type; what is absent or of another type becomes the type's zero value, and unknown members are dropped. */
export function decodeJson(type: GoType, json: unknown): Value {
  if (type.decode !== undefined) return type.decode(json);
  if (json === null || json === undefined) return zeroOf(type);
  switch (type.kind) {
    case 'string':
      if (json instanceof NumberText) return { kind: 'string', type, data: json.text };
      return typeof json === 'string' ? { kind: 'string', type, data: json } : zeroOf(type);
    case 'bool':
      return typeof json === 'boolean' ? { kind: 'bool', type, data: json } : zeroOf(type);
    case 'int':
      return { kind: 'int', type, data: integerOf(json) };
    case 'float':
      return {
        kind: 'float',
        type,
        data: json instanceof NumberText ? Number(json.text) : Number(json) || 0,
      };
    case 'slice': {
      if (!Array.isArray(json)) return zeroOf(type);
      return { kind: 'slice', type, data: json.map((item) => decodeJson(type.element ?? anyType, item)) };
    }
    case 'map': {
      if (!isObject(json)) return zeroOf(type);
      const entries = Object.entries(json).map(([key, item]): [string, Value] => [
        key,
        decodeJson(type.element ?? anyType, item),
      ]);
      return { kind: 'map', type, data: new Map(entries) };
    }
    case 'struct': {
      const members = isObject(json) ? json : {};
      const fields = (type.fields ?? []).map((field): [string, Value] => [
        field.name,
        decodeJson(field.type, field.embedded ? json : members[field.jsonName]),
      ]);
      return { kind: 'struct', type, data: new Map(fields) };
    }
    case 'pointer':
      return { kind: 'pointer', type, data: decodeJson(type.element ?? anyType, json) };
    case 'interface':
      return fromJson(json);
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function integerOf(json: unknown): bigint {
  if (json instanceof NumberText && /^-?\d+$/.test(json.text)) return BigInt(json.text);
  const number = json instanceof NumberText ? Number(json.text) : json;
  return typeof number === 'number' && Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n;
}

/** JSON of a value as Go's encoder writes it without HTML escapes: map keys sorted, struct fields in order, nil as null. */
export function toJson(value: Value | undefined): string {
  if (value === undefined) return 'null';
  if (value.type.encode !== undefined) return value.type.encode(value);
  switch (value.kind) {
    case 'string':
      return quoteJson(value.data);
    case 'bool':
      return String(value.data);
    case 'int':
      return String(value.data);
    case 'float':
      return floatJson(value.data);
    case 'slice':
      return value.data === null ? 'null' : `[${value.data.map(toJson).join(',')}]`;
    case 'map':
      if (value.data === null) return 'null';
      return `{${sortedEntries(value.data)
        .map(([key, item]) => `${quoteJson(key)}:${toJson(item)}`)
        .join(',')}}`;
    case 'struct':
      return `{${structMembers(value).join(',')}}`;
    case 'pointer':
    case 'interface':
      return value.data === null ? 'null' : toJson(value.data);
  }
}

function structMembers(value: Value & { kind: 'struct' }): string[] {
  return (value.type.fields ?? []).flatMap((field) => {
    const member = value.data.get(field.name);
    return member === undefined ? [] : fieldMembers(field, member);
  });
}

function fieldMembers(field: Field, member: Value): string[] {
  if (field.embedded) {
    const { value: inner } = indirect(member);
    return inner?.kind === 'struct' ? structMembers(inner) : [];
  }
  // A struct is never empty for Go's omitempty, an array neither.
  if (field.omitEmpty && !isTrue(member)) return [];
  return [`${quoteJson(field.jsonName)}:${toJson(member)}`];
}

/** JSON.stringify writes \b and \f as two characters; so does Go since 1.22. Go escapes U+2028 and U+2029 always. */
export function quoteJson(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** As Go's json.Marshal, which escapes what HTML minds. */
export function escapeHtmlInJson(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}

function floatJson(number: number): string {
  const magnitude = Math.abs(number);
  if (magnitude !== 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
    return number.toExponential().replace(/e([+-])(\d)$/, 'e$1$2');
  }
  return String(number);
}
