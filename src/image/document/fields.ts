import { DhowError } from '#errors/error.ts';
import { type Digest, isDigest } from '#image/digest.ts';

/** A JSON object from a stranger; every field is of unknown type. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads fields of a document and refuses what has the wrong type, naming the place. Absent and `null` are the same:
 * Go programs write both.
 */
export class FieldReader {
  readonly #object: JsonObject;
  readonly #path: string;

  constructor(object: JsonObject, path: string) {
    this.#object = object;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.#fail(name, 'is missing');
  }

  optionalString(name: string): string | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : this.#text(value, name);
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#fail(name, 'is not a boolean');
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(name: string): number {
    return this.optionalCount(name) ?? this.#fail(name, 'is missing');
  }

  optionalCount(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.#fail(name, 'is not a whole number from 0 on');
  }

  digest(name: string): Digest {
    const text = this.string(name);
    if (isDigest(text)) return text;
    return this.#fail(name, 'is not a sha256 digest');
  }

  object(name: string): FieldReader {
    return this.optionalObject(name) ?? this.#fail(name, 'is missing');
  }

  optionalObject(name: string): FieldReader | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    return new FieldReader(isObject(value) ? value : this.#fail(name, 'is not an object'), this.#at(name));
  }

  objects(name: string, maxCount: number): FieldReader[] {
    return this.#array(name, maxCount).map((value, index) => {
      const place = `${name}[${index}]`;
      return new FieldReader(
        isObject(value) ? value : this.#fail(place, 'is not an object'),
        this.#at(place),
      );
    });
  }

  digests(name: string, maxCount: number): Digest[] {
    return this.#array(name, maxCount).map((value, index) =>
      typeof value === 'string' && isDigest(value)
        ? value
        : this.#fail(`${name}[${index}]`, 'is not a sha256 digest'),
    );
  }

  optionalStrings(name: string, maxCount: number): string[] | undefined {
    if (!this.has(name)) return undefined;
    return this.#array(name, maxCount).map((value, index) => this.#text(value, `${name}[${index}]`));
  }

  optionalStringMap(name: string, maxCount: number): Record<string, string> | undefined {
    return this.#map(name, maxCount, (value, place) => this.#text(value, place));
  }

  /** A set as Go programs write it: `{ "80/tcp": {} }`. Values are not looked at. */
  optionalKeySet(name: string, maxCount: number): Record<string, Record<string, never>> | undefined {
    return this.#map(name, maxCount, () => ({}));
  }

  fail(name: string, why: string): never {
    return this.#fail(name, why);
  }

  #map<Value>(
    name: string,
    maxCount: number,
    read: (value: unknown, place: string) => Value,
  ): Record<string, Value> | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) return this.#fail(name, 'is not an object');
    const entries = Object.entries(value);
    if (entries.length > maxCount)
      this.#fail(name, `has ${entries.length} entries, the limit is ${maxCount}`);
    // fromEntries defines own properties: a key `__proto__` stays a mere key.
    return Object.fromEntries(
      entries.map(([key, item]) => [this.#text(key, name), read(item, `${name}[${JSON.stringify(key)}]`)]),
    );
  }

  #array(name: string, maxCount: number): readonly unknown[] {
    const value = this.#value(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.#fail(name, 'is not an array');
    if (value.length > maxCount) this.#fail(name, `has ${value.length} entries, the limit is ${maxCount}`);
    return value;
  }

  /** NUL ends a string in the kernel, so that what is checked here would not be what is used there. */
  #text(value: unknown, place: string): string {
    if (typeof value !== 'string') return this.#fail(place, 'is not a string');
    if (value.includes('\0')) this.#fail(place, 'contains a NUL character');
    return value;
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  #at(name: string): string {
    return `${this.#path}.${name}`;
  }

  #fail(name: string, why: string): never {
    throw new DhowError('InvalidParameter', `malformed ${this.#at(name.slice(0, 200))}: ${why}`);
  }
}

/**
 * @param what what the document is, for messages: `manifest`, `image configuration`
 * @throws InvalidParameter for more than `maxBytes`, invalid UTF-8, or anything but one JSON object
 */
export function parseDocument(bytes: Uint8Array, what: string, maxBytes: number): FieldReader {
  if (bytes.byteLength > maxBytes) {
    throw new DhowError(
      'InvalidParameter',
      `${what} is too large: ${bytes.byteLength} bytes, the limit is ${maxBytes}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DhowError('InvalidParameter', `malformed ${what}: it is not valid JSON`, { cause });
  }
  if (!isObject(value)) throw new DhowError('InvalidParameter', `malformed ${what}: it is not a JSON object`);
  return new FieldReader(value, what);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
