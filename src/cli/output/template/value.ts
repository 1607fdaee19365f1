/**
 * Values as a Go template sees them. Docker's formats are written against Go types, and the results show it: a struct prints
 * as `{a b}`, a missing map key as `<no value>`, an integer is not a float. Each value therefore carries its Go type.
 */
export type Value =
  | { kind: 'string'; type: GoType; data: string }
  | { kind: 'bool'; type: GoType; data: boolean }
  | { kind: 'int'; type: GoType; data: bigint }
  | { kind: 'float'; type: GoType; data: number }
  | { kind: 'slice'; type: GoType; data: readonly Value[] | null }
  | { kind: 'map'; type: GoType; data: ReadonlyMap<string, Value> | null }
  | { kind: 'struct'; type: GoType; data: ReadonlyMap<string, Value> }
  | { kind: 'pointer'; type: GoType; data: Value | null }
  | { kind: 'interface'; type: GoType; data: Value | null };

export type Kind = Value['kind'];

/** The result of an evaluation; `undefined` is Go's invalid value, which prints as `<no value>`. */
export type Result = Value | undefined;

export interface GoType {
  readonly kind: Kind;
  /** As `%T` prints it. */
  readonly name: string;
  /** Of slices, maps and pointers. */
  readonly element?: GoType;
  /** Of structs, in order. */
  readonly fields?: readonly Field[];
  readonly methods?: Readonly<Record<string, Method>>;
  /** A fixed length: a Go array and not a slice. */
  readonly length?: number;
  /** What `%v` prints instead of the parts (Go's Stringer). */
  readonly display?: (self: Value) => string;
  /** What `json` prints instead of the parts (Go's json.Marshaler). */
  readonly encode?: (self: Value) => string;
  /** Reads a value from JSON where the kind alone does not say how. */
  readonly decode?: (json: unknown) => Value;
}

export interface Field {
  readonly name: string;
  readonly type: GoType;
  readonly jsonName: string;
  readonly omitEmpty: boolean;
  /** The fields of an embedded struct count as fields of the outer one. */
  readonly embedded: boolean;
}

export interface Method {
  readonly parameters: readonly GoType[];
  call(self: Value, args: readonly Value[]): Value;
}

export const stringType: GoType = { kind: 'string', name: 'string' };
export const boolType: GoType = { kind: 'bool', name: 'bool' };
export const intType: GoType = { kind: 'int', name: 'int' };
export const int64Type: GoType = { kind: 'int', name: 'int64' };
const floatType: GoType = { kind: 'float', name: 'float64' };
export const anyType: GoType = { kind: 'interface', name: 'interface {}' };
/** A number of unknown type, kept as the text that JSON had. */
export const jsonNumberType: GoType = {
  kind: 'string',
  name: 'json.Number',
  encode: (self) => String(self.data),
};

export const sliceOf = (element: GoType, name = `[]${element.name}`): GoType => ({
  kind: 'slice',
  name,
  element,
});
export const mapOf = (element: GoType, name = `map[string]${element.name}`): GoType => ({
  kind: 'map',
  name,
  element,
});
export const pointerTo = (element: GoType): GoType => ({
  kind: 'pointer',
  name: `*${element.name}`,
  element,
});
export const stringsType = sliceOf(stringType);

export const stringValue = (data: string): Value => ({ kind: 'string', type: stringType, data });
export const boolValue = (data: boolean): Value => ({ kind: 'bool', type: boolType, data });
export const intValue = (data: number | bigint): Value => ({
  kind: 'int',
  type: intType,
  data: BigInt(data),
});
export const floatValue = (data: number): Value => ({ kind: 'float', type: floatType, data });
export const stringsValue = (data: readonly string[]): Value => ({
  kind: 'slice',
  type: stringsType,
  data: data.map(stringValue),
});

/** Follows pointers and interfaces to what they hold; a nil one is answered itself, with `isNil`. */
export function indirect(value: Result): { value: Result; isNil: boolean } {
  let current = value;
  while (current !== undefined && (current.kind === 'pointer' || current.kind === 'interface')) {
    if (current.data === null) return { value: current, isNil: true };
    current = current.data;
  }
  return { value: current, isNil: false };
}

/** A value as the element of an untyped map or slice. */
export function boxed(value: Value): Value {
  return value.kind === 'interface' ? value : { kind: 'interface', type: anyType, data: value };
}

/** The concrete value of an interface; a nil interface becomes the invalid value. */
export function unwrap(value: Result): Result {
  let current = value;
  while (current !== undefined && current.kind === 'interface') current = current.data ?? undefined;
  return current;
}

/** What Go's `if` takes for true: everything that is not zero, empty or nil. */
export function isTrue(value: Result): boolean {
  if (value === undefined) return false;
  switch (value.kind) {
    case 'string':
      return value.data !== '';
    case 'bool':
      return value.data;
    case 'int':
      return value.data !== 0n;
    case 'float':
      return value.data !== 0;
    case 'slice':
      return value.data !== null && value.data.length > 0;
    case 'map':
      return value.data !== null && value.data.size > 0;
    case 'struct':
      return true;
    case 'pointer':
      return value.data !== null;
    case 'interface':
      return isTrue(value.data ?? undefined);
  }
}

/** Go's zero value of a type. */
export function zeroOf(type: GoType): Value {
  if (type.decode !== undefined) return type.decode(undefined);
  switch (type.kind) {
    case 'string':
      return { kind: 'string', type, data: '' };
    case 'bool':
      return { kind: 'bool', type, data: false };
    case 'int':
      return { kind: 'int', type, data: 0n };
    case 'float':
      return { kind: 'float', type, data: 0 };
    case 'slice':
      return { kind: 'slice', type, data: type.length === undefined ? null : zeros(type, type.length) };
    case 'map':
      return { kind: 'map', type, data: null };
    case 'struct':
      return {
        kind: 'struct',
        type,
        data: new Map((type.fields ?? []).map((field) => [field.name, zeroOf(field.type)])),
      };
    case 'pointer':
      return { kind: 'pointer', type, data: null };
    case 'interface':
      return { kind: 'interface', type, data: null };
  }
}

function zeros(type: GoType, length: number): Value[] {
  return Array.from({ length }, () => zeroOf(type.element ?? anyType));
}

/** Finds a struct's field, also among those of its embedded structs. */
export function findField(value: Value, name: string): Value | undefined {
  if (value.kind !== 'struct') return undefined;
  const own = value.data.get(name);
  if (own !== undefined) return own;
  for (const field of value.type.fields ?? []) {
    if (!field.embedded) continue;
    const { value: inner, isNil } = indirect(value.data.get(field.name));
    const found = inner === undefined || isNil ? undefined : findField(inner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Entries of a map in the order in which Go prints and ranges over them. */
export function sortedEntries(data: ReadonlyMap<string, Value>): [string, Value][] {
  return [...data].sort(([a], [b]) => compareText(a, b));
}

/** Order by code point, as Go compares strings. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
  }
  return a.length - b.length;
}
