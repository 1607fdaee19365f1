import {
  boolType,
  boolValue,
  type Field,
  type GoType,
  intValue,
  mapOf,
  sliceOf,
  stringType,
  stringValue,
  type Value,
} from '#cli/output/template/value.ts';
import { formatGoDuration } from '#wire/go-duration.ts';

/** One field of a Go struct: `json` is its name in JSON (default: the same), with a `?` at the end for Go's omitempty. */
export function field(name: string, type: GoType, json = name): Field {
  const omitEmpty = json.endsWith('?');
  const jsonName = omitEmpty ? json.slice(0, -1) : json;
  return { name, type, jsonName: jsonName === '' ? name : jsonName, omitEmpty, embedded: false };
}

/** An embedded struct, whose fields are members of the outer JSON object. */
export function embedded(name: string, type: GoType): Field {
  return { name, type, jsonName: name, omitEmpty: false, embedded: true };
}

export function struct(name: string, fields: readonly Field[]): GoType {
  return { kind: 'struct', name, fields };
}

/** A type of its own name whose values are strings. */
export function named(
  name: string,
  predicates: Readonly<Record<string, (text: string) => boolean>> = {},
): GoType {
  const methods = Object.entries(predicates).map(([method, holds]) => [
    method,
    { parameters: [], call: (self: Value) => boolValue(holds(String(self.data))) },
  ]);
  return { kind: 'string', name, methods: Object.fromEntries(methods) };
}

export const stringMap = mapOf(stringType);
export const commandType = sliceOf(stringType, 'strslice.StrSlice');
export const boolPointer: GoType = { kind: 'pointer', name: '*bool', element: boolType };
export const emptyStruct: GoType = { kind: 'struct', name: 'struct {}', fields: [] };

const zeroTime = '0001-01-01T00:00:00Z';

/** A moment; it prints as Go's time.Time does, and keeps the text that JSON had. */
export const timeType: GoType = {
  kind: 'struct',
  name: 'time.Time',
  fields: [],
  decode: (json) => ({
    kind: 'struct',
    type: timeType,
    data: new Map([['text', stringValue(typeof json === 'string' && json !== '' ? json : zeroTime)]]),
  }),
  encode: (self) => JSON.stringify(timeText(self)),
  display: (self) => displayTime(timeText(self)),
  methods: {
    String: { parameters: [], call: (self) => stringValue(displayTime(timeText(self))) },
    Unix: {
      parameters: [],
      call: (self) => intValue(BigInt(Math.floor(Date.parse(timeText(self)) / 1000) || 0)),
    },
    IsZero: { parameters: [], call: (self) => boolValue(timeText(self) === zeroTime) },
  },
};

function timeText(self: Value): string {
  const text = self.kind === 'struct' ? self.data.get('text') : undefined;
  return text?.kind === 'string' ? text.data : zeroTime;
}

function displayTime(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return text;
  const [, date, time = '', zone = 'Z'] = match;
  const clock = time.includes('.') ? time.replace(/\.?0+$/, '') : time;
  const offset = zone.replace(':', '');
  return zone === 'Z' ? `${date} ${clock} +0000 UTC` : `${date} ${clock} ${offset} ${offset}`;
}

/** Nanoseconds, printed like `1m30s`. */
export const durationType: GoType = {
  kind: 'int',
  name: 'time.Duration',
  display: (self) => (self.kind === 'int' ? formatGoDuration(self.data) : ''),
  encode: (self) => String(self.data),
};

/** Permission bits, printed like `-rwxr-xr-x`. */
export const fileModeType: GoType = {
  kind: 'int',
  name: 'fs.FileMode',
  display: (self) => {
    const mode = Number(self.data);
    const letters = [...'rwxrwxrwx'].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'));
    return `-${letters.join('')}`;
  },
  encode: (self) => String(self.data),
};
