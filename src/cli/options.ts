import { DhowError } from '#errors/error.ts';

/**
 * One option of a command. `Value` is what the command gets: the initial value when the option is absent, and else the fold of
 * `parse` over every time it was given.
 */
export interface Option<Value> {
  readonly short?: string;
  /** Other long names that are accepted and not shown. */
  readonly hiddenNames?: readonly string[];
  /** Name of the value in the help, such as `string`; empty for a flag. */
  readonly valueName: string;
  /** The value meant when none is given; makes the value optional (only `--name=value` then carries one). */
  readonly implied?: string;
  /** Empty: not shown in the help. */
  readonly help: string;
  readonly initial: Value;
  /** Throws InvalidParameter whose message says what is wrong with the text; the parser adds which option it was. */
  parse(text: string, previous: Value): Value;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value> ? Value : never;
};

interface Description {
  readonly short?: string;
  readonly hiddenNames?: readonly string[];
  readonly help: string;
}

/** `--name`, `--name=false`. */
export function flag(description: Description, initial = false): Option<boolean> {
  return { ...description, valueName: '', implied: 'true', initial, parse: parseBoolean };
}

/** `--name value`; the last one counts. Undefined when absent. */
export function text(description: Description, valueName = 'string'): Option<string | undefined> {
  return { ...description, valueName, initial: undefined, parse: (value) => value };
}

/** `--name value`, any number of times, in the order given. The text is not split at commas. */
export function list(description: Description, valueName = 'list'): Option<readonly string[]> {
  return { ...description, valueName, initial: [], parse: (value, previous) => [...previous, value] };
}

/** A whole number; undefined when absent. */
export function integer(description: Description, valueName = 'int'): Option<number | undefined> {
  return { ...description, valueName, initial: undefined, parse: parseInteger };
}

/** A value with its own parser, which throws InvalidParameter; undefined when absent. */
export function parsed<Value>(
  description: Description,
  valueName: string,
  parse: (text: string) => Value,
): Option<Value | undefined> {
  return { ...description, valueName, initial: undefined, parse: (value) => parse(value) };
}

/** A repeatable value with its own parser. */
export function parsedList<Value>(
  description: Description,
  valueName: string,
  parse: (text: string) => Value,
): Option<readonly Value[]> {
  return { ...description, valueName, initial: [], parse: (value, previous) => [...previous, parse(value)] };
}

/** An option that Docker has and this engine does not do: refused by name when used, and not shown. */
export function unsupported(takes: 'value' | 'nothing', short?: string): Option<undefined> {
  return {
    ...(short === undefined ? {} : { short }),
    valueName: takes === 'value' ? 'string' : '',
    ...(takes === 'value' ? {} : { implied: 'true' }),
    help: '',
    initial: undefined,
    parse: () => {
      throw new DhowError('Unsupported', 'is not supported yet');
    },
  };
}

/** `--disable-content-trust`, which is on in Docker, too: to turn it off would be to ask for what this engine does not do. */
export const noContentTrust: Option<boolean> = {
  ...flag({ help: '' }, true),
  parse: (value) => {
    if (parseBoolean(value)) return true;
    throw new DhowError(
      'Unsupported',
      'stays on: content trust is not supported, name the image by its digest',
    );
  },
};

function parseBoolean(value: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) return false;
  throw new DhowError('InvalidParameter', `"${value}" is neither true nor false`);
}

function parseInteger(value: string): number {
  const number = Number(value);
  if (!/^[+-]?(\d+|0x[0-9a-f]+)$/i.test(value) || !Number.isSafeInteger(number)) {
    throw new DhowError('InvalidParameter', `"${value}" is not a whole number`);
  }
  return number;
}
