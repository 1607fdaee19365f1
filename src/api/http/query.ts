import { DhowError } from '#errors/error.ts';

/** The query parameters of a request, read as Docker reads them. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(text: string) {
    this.#parameters = new URLSearchParams(text);
  }

  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  /** The empty string when absent. */
  text(name: string): string {
    return this.#parameters.get(name) ?? '';
  }

  /** undefined when absent or empty. */
  optionalText(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  texts(name: string): string[] {
    return this.#parameters.getAll(name);
  }

  /** Everything but nothing, `0`, `no`, `false` and `none` is true. */
  flag(name: string): boolean {
    return !['', '0', 'no', 'false', 'none'].includes(this.text(name).toLowerCase().trim());
  }

  /** undefined when absent or empty. @throws InvalidParameter for anything but a whole number */
  integer(name: string): number | undefined {
    const text = this.text(name).trim();
    if (text === '') return undefined;
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new DhowError(
      'InvalidParameter',
      `invalid value for "${name}": "${text.slice(0, 60)}" is not a whole number`,
    );
  }
}
