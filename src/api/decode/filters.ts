import { DhowError } from '#errors/error.ts';

/**
 * The `filters` parameter: a JSON object from name to values, each an array or (as Docker's client sends) an object whose
 * keys are the values. Values of one name are alternatives unless a predicate says otherwise; names are all required.
 */
export class Filters {
  readonly #values: Map<string, string[]>;

  private constructor(values: Map<string, string[]>) {
    this.#values = values;
  }

  /** @throws InvalidParameter for malformed JSON or a name that the operation does not know */
  static parse(text: string, accepted: readonly string[]): Filters {
    const values = new Map<string, string[]>();
    for (const [name, value] of Object.entries(parseObject(text))) {
      if (!accepted.includes(name)) {
        throw new DhowError('InvalidParameter', `invalid filter '${name.slice(0, 60)}'`);
      }
      const list = readValues(value);
      if (list.length > 0) values.set(name, list);
    }
    return new Filters(values);
  }

  get empty(): boolean {
    return this.#values.size === 0;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  values(name: string): string[] {
    return this.#values.get(name) ?? [];
  }

  /** Whether the filter is absent or one of its values satisfies the predicate. */
  some(name: string, predicate: (value: string) => boolean): boolean {
    const values = this.#values.get(name);
    return values === undefined || values.some(predicate);
  }

  /** undefined when absent. @throws InvalidParameter for anything but a truth value */
  flag(name: string): boolean | undefined {
    const values = this.#values.get(name);
    if (values === undefined) return undefined;
    if (values.every((value) => ['1', 'true', 't', 'True', 'TRUE'].includes(value))) return true;
    if (values.every((value) => ['0', 'false', 'f', 'False', 'FALSE'].includes(value))) return false;
    throw new DhowError('InvalidParameter', `invalid filter '${name}=${values.join(',').slice(0, 60)}'`);
  }

  /** `label=key` and `label=key=value`; every value must hold. `label!` must not. */
  labels(labels: Record<string, string>): boolean {
    return (
      this.values('label').every((wanted) => hasLabel(labels, wanted)) &&
      !this.values('label!').some((unwanted) => hasLabel(labels, unwanted))
    );
  }
}

function hasLabel(labels: Record<string, string>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  if (equals === -1) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}

function parseObject(text: string): object {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one error for everything that is no filter.
  }
  throw new DhowError(
    'InvalidParameter',
    `invalid filter: ${text.slice(0, 100)} is not a JSON object of filters`,
  );
}

function readValues(value: unknown): string[] {
  if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value)
      .filter(([, on]) => on === true)
      .map(([name]) => name);
  }
  throw new DhowError('InvalidParameter', 'invalid filter: values must be an array of strings');
}
