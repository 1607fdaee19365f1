import { DhowError } from '#errors/error.ts';

/** Docker's integers are Go's int64, of which a double knows the end and the largest before it as these. */
const int64End = 2 ** 63;
const int64Largest = int64End - 1024;

/**
 * Reader of one JSON object of a request, strict about types and complete about what it was not asked for: `refuse` names
 * the fields that Dhow cannot honour, and they may only be at their default. Names are matched without regard to case, as
 * Docker's decoder does; a field that Docker does not have either is passed over.
 *
 * @throws InvalidParameter naming the field when a value has the wrong type
 */
export class Fields {
  readonly #values: Map<string, unknown>;
  readonly #path: string;

  private constructor(value: object, path: string) {
    this.#values = new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
    this.#path = path;
  }

  /** `null` and `undefined` read as an empty object. `path` is how errors call the object; empty for the body. */
  static of(value: unknown, path = ''): Fields {
    if (value === undefined || value === null) return new Fields({}, path);
    if (typeof value !== 'object' || Array.isArray(value))
      throw wrongType(path || 'the request body', 'an object');
    return new Fields(value, path);
  }

  /** The name of a field in errors, such as `HostConfig.Binds`. */
  nameOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  /** Whether the field is present and not null. */
  has(name: string): boolean {
    const value = this.#get(name);
    return value !== undefined && value !== null;
  }

  text(name: string): string {
    const value = this.#get(name) ?? '';
    if (typeof value !== 'string') throw wrongType(this.nameOf(name), 'a string');
    if (value.includes('\0'))
      throw new DhowError('InvalidParameter', `${this.nameOf(name)} contains a zero byte`);
    return value;
  }

  flag(name: string): boolean {
    return this.optionalFlag(name) ?? false;
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.#get(name) ?? undefined;
    if (value !== undefined && typeof value !== 'boolean')
      throw wrongType(this.nameOf(name), 'true or false');
    return value;
  }

  /** 0 when absent. */
  integer(name: string): number {
    return this.optionalInteger(name) ?? 0;
  }

  optionalInteger(name: string): number | undefined {
    const value = this.#get(name) ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > int64End)
      throw wrongType(this.nameOf(name), 'a whole number of 64 bits');
    // Clients send 2^63-1 for "no limit"; the nearest double is one more, which no runtime would read.
    return Math.min(value, int64Largest);
  }

  /** Empty when absent. */
  texts(name: string): string[] {
    return this.optionalTexts(name) ?? [];
  }

  optionalTexts(name: string): string[] | undefined {
    const value = this.#get(name) ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw wrongType(this.nameOf(name), 'an array of strings');
    return value.map((member: unknown) => {
      if (typeof member !== 'string') throw wrongType(this.nameOf(name), 'an array of strings');
      if (member.includes('\0'))
        throw new DhowError('InvalidParameter', `${this.nameOf(name)} contains a zero byte`);
      return member;
    });
  }

  /** Words of a command: a single string is taken as one word. */
  words(name: string): string[] | undefined {
    const value = this.#get(name);
    return typeof value === 'string' ? [this.text(name)] : this.optionalTexts(name);
  }

  /** Empty when absent. */
  textMap(name: string): Record<string, string> {
    const entries = Object.entries(this.#object(name)).map(([key, value]) => {
      if (typeof value !== 'string') throw wrongType(this.nameOf(name), 'an object of strings');
      return [key, value] as const;
    });
    return Object.fromEntries(entries);
  }

  /** The keys of a set spelt as an object, such as `{"80/tcp": {}}`. */
  keys(name: string): string[] {
    return Object.keys(this.#object(name));
  }

  /** An object of objects or arrays, for the caller to read on. */
  entries(name: string): [string, unknown][] {
    return Object.entries(this.#object(name));
  }

  /** Members of any type, for the caller to check; empty when absent. */
  list(name: string): unknown[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw wrongType(this.nameOf(name), 'an array');
    return value;
  }

  object(name: string): Fields {
    return Fields.of(this.#get(name), this.nameOf(name));
  }

  objects(name: string): Fields[] {
    return this.list(name).map((member, index) => Fields.of(member, `${this.nameOf(name)}[${index}]`));
  }

  /** Rows and columns; undefined when absent or both 0. */
  size(name: string): { rows: number; columns: number } | undefined {
    const value = this.#get(name) ?? undefined;
    if (value === undefined) return undefined;
    const [rows, columns] = Array.isArray(value) ? (value as unknown[]) : [];
    if (!isSize(rows) || !isSize(columns))
      throw wrongType(this.nameOf(name), 'two numbers, rows and columns');
    return rows === 0 && columns === 0 ? undefined : { rows, columns };
  }

  /**
   * Fields that exist in Docker and cannot be honoured here.
   * @throws Unsupported naming the first one that is not at its default (absent, null, false, 0, '', [], {})
   */
  refuse(names: readonly string[], why = 'is not supported'): void {
    for (const name of names) {
      if (!isDefault(this.#get(name))) throw new DhowError('Unsupported', `${this.nameOf(name)} ${why}`);
    }
  }

  #get(name: string): unknown {
    return this.#values.get(name.toLowerCase());
  }

  #object(name: string): object {
    const value = this.#get(name) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(this.nameOf(name), 'an object');
    return value;
  }
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65535;
}

function wrongType(name: string, expected: string): DhowError {
  return new DhowError('InvalidParameter', `invalid JSON: ${name} must be ${expected}`);
}
