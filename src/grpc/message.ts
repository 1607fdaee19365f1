import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { DhowError, messageOf } from '#errors/error.ts';

/**
 * Protocol Buffers messages as data: what a message consists of is said once, and its TypeScript type follows from it.
 *
 *   const point = message({ name: one(1, string), tags: many(2, string), at: maybe(3, timestamp), notes: mapOf(4, string) });
 *   type Point = MessageOf<typeof point>;
 *
 * The encoding is that of proto3 (protobuf.dev/programming-guides/encoding): fields that have their zero value are not written, and
 * unknown ones are skipped. Field numbers are those of the `.proto` file that the other side speaks by.
 */
export interface MessageType<T> extends Value<T> {
  /** A message in which what is not given has its zero value. */
  create(fields?: Partial<T>): T;
  encode(fields: Partial<T>): Uint8Array<ArrayBuffer>;
  /** @throws InvalidParameter for what is no such message */
  decode(bytes: Uint8Array): T;
}

export type MessageOf<M> = M extends MessageType<infer T> ? T : never;

/** How a value stands in a message, without the field's number. */
interface Value<T> {
  readonly wireType: WireType;
  put(writer: BinaryWriter, value: T): void;
  take(reader: BinaryReader): T;
}

/** A value that a message without it has, too. */
interface Scalar<T> extends Value<T> {
  readonly zero: T;
}

interface Field<T> {
  readonly number: number;
  readonly wireType: WireType;
  /** What a message without the field has: the same for all messages. */
  readonly absent: T;
  write(writer: BinaryWriter, value: T): void;
  /** @param before what the message had of the field until now: `absent`, or what this has given and may change */
  read(reader: BinaryReader, before: T): T;
}

export function message<T extends object>(fields: { readonly [K in keyof T]: Field<T[K]> }): MessageType<T> {
  const entries = Object.entries(fields) as [keyof T, Field<T[keyof T]>][];
  const byNumber = new Map(entries.map((entry) => [entry[1].number, entry]));

  function create(given?: Partial<T>): T {
    const value = {} as T;
    for (const [name, field] of entries) value[name] = field.absent;
    return Object.assign(value, given);
  }

  function encode(given: Partial<T>): Uint8Array<ArrayBuffer> {
    const writer = new BinaryWriter();
    for (const [name, field] of entries) {
      const value = given[name];
      if (value !== undefined) field.write(writer, value);
    }
    return writer.finish();
  }

  function read(reader: BinaryReader): T {
    const value = create();
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const known = byNumber.get(number);
      if (known === undefined) {
        reader.skip(wireType, number);
        continue;
      }
      const [name, field] = known;
      if (wireType !== field.wireType) throw new TypeError(`field ${number} has the wire type ${wireType}`);
      value[name] = field.read(reader, value[name]);
    }
    return value;
  }

  return {
    create,
    encode,
    decode(bytes) {
      try {
        return read(new BinaryReader(bytes));
      } catch (cause) {
        throw new DhowError('InvalidParameter', `a message is malformed: ${messageOf(cause)}`, { cause });
      }
    },
    wireType: WireType.LengthDelimited,
    put: (writer, value) => writer.bytes(encode(value)),
    take: (reader) => read(new BinaryReader(reader.bytes())),
  };
}

export const string: Scalar<string> = {
  wireType: WireType.LengthDelimited,
  zero: '',
  put: (writer, value) => writer.string(value),
  take: (reader) => reader.string(true),
};

/** A view of the message's own bytes. */
export const bytes: Scalar<Uint8Array> = {
  wireType: WireType.LengthDelimited,
  zero: new Uint8Array(),
  put: (writer, value) => writer.bytes(value),
  take: (reader) => reader.bytes(),
};

export const bool: Scalar<boolean> = {
  wireType: WireType.Varint,
  zero: false,
  put: (writer, value) => writer.bool(value),
  take: (reader) => reader.bool(),
};

export const uint32: Scalar<number> = {
  wireType: WireType.Varint,
  zero: 0,
  put: (writer, value) => writer.uint32(value),
  take: (reader) => reader.uint32(),
};

/** Enumerations, too. */
export const int32: Scalar<number> = {
  wireType: WireType.Varint,
  zero: 0,
  put: (writer, value) => writer.int32(value),
  take: (reader) => reader.int32(),
};

export const int64: Scalar<bigint> = {
  wireType: WireType.Varint,
  zero: 0n,
  put: (writer, value) => writer.int64(value),
  take: (reader) => BigInt(reader.int64()),
};

export function one<T>(number: number, value: Scalar<T>): Field<T> {
  const { wireType, zero } = value;
  return {
    number,
    wireType,
    absent: zero,
    write(writer, written) {
      const isZero = written instanceof Uint8Array ? written.length === 0 : written === zero;
      if (!isZero) value.put(writer.tag(number, wireType), written);
    },
    read: (reader) => value.take(reader),
  };
}

/** A message within a message. */
export function maybe<T>(number: number, value: Value<T>): Field<T | undefined> {
  const { wireType } = value;
  return {
    number,
    wireType,
    absent: undefined,
    write(writer, written) {
      if (written !== undefined) value.put(writer.tag(number, wireType), written);
    },
    read: (reader) => value.take(reader),
  };
}

/** Not packed: for texts, bytes and messages. */
export function many<T>(number: number, value: Value<T>): Field<readonly T[]> {
  const { wireType } = value;
  const absent: readonly T[] = [];
  return {
    number,
    wireType,
    absent,
    write(writer, list) {
      for (const item of list) value.put(writer.tag(number, wireType), item);
    },
    read(reader, before) {
      const list = before === absent ? [] : (before as T[]);
      list.push(value.take(reader));
      return list;
    },
  };
}

/** A map with texts for keys: a repeated message of key and value. */
export function mapOf<T>(number: number, value: Value<T>): Field<ReadonlyMap<string, T>> {
  const entry = message<{ key: string; value: T | undefined }>({
    key: one(1, string),
    value: maybe(2, value),
  });
  const zero = 'zero' in value ? (value as Scalar<T>).zero : undefined;
  const absent: ReadonlyMap<string, T> = new Map();
  return {
    number,
    wireType: WireType.LengthDelimited,
    absent,
    write(writer, map) {
      for (const [key, written] of map) {
        entry.put(writer.tag(number, WireType.LengthDelimited), { key, value: written });
      }
    },
    read(reader, before) {
      const { key, value: taken = zero } = entry.take(reader);
      if (taken === undefined) return before;
      return (before === absent ? new Map<string, T>() : (before as Map<string, T>)).set(key, taken);
    },
  };
}
