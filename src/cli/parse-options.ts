import type { Option, OptionTable } from '#cli/options.ts';
import { UsageError } from '#cli/usage-error.ts';
import { DhowError, isDhowError, messageOf } from '#errors/error.ts';

export interface ParsedLine {
  readonly options: Record<string, unknown>;
  /** Long names of the options that were given. */
  readonly given: Set<string>;
  readonly operands: string[];
  /** `--help`, or `-h` where that is no option of the command; what follows was not read. */
  readonly help: boolean;
}

/**
 * Reads a command line as Docker's CLI does: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, flags together
 * (`-itd`), flags with a value (`--rm=false`), `--` ends the options. With `interspersed: false` the first operand ends them too,
 * and a `--` behind it is an operand.
 *
 * @throws UsageError (exit code 125) in Docker's words; Unsupported for an option that is known and not done
 */
export function parseOptions(
  table: OptionTable,
  words: readonly string[],
  settings: { interspersed: boolean },
): ParsedLine {
  const names = indexNames(table);
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) options[name] = option.initial;
  const line: ParsedLine = { options, given: new Set(), operands: [], help: false };

  const set = (name: string, option: Option<unknown>, text: string) => {
    try {
      options[name] = option.parse(text, options[name]);
    } catch (error) {
      throw refusal(name, option, text, error);
    }
    line.given.add(name);
  };

  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') {
      line.operands.push(...words.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (!settings.interspersed) {
        line.operands.push(...words.slice(index));
        break;
      }
      line.operands.push(word);
      continue;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const typed = equals === -1 ? word.slice(2) : word.slice(2, equals);
      if (typed === '' || typed.startsWith('-')) throw new UsageError(`bad flag syntax: ${word}`, 125);
      const name = names.long.get(typed);
      const option = name === undefined ? undefined : table[name];
      if (name === undefined || option === undefined) {
        if (typed === 'help') return { ...line, help: true };
        throw new UsageError(`unknown flag: --${typed}`, 125);
      }
      if (equals !== -1) set(name, option, word.slice(equals + 1));
      else if (option.implied !== undefined) set(name, option, option.implied);
      else if (index + 1 < words.length) set(name, option, words[++index] ?? '');
      else throw new UsageError(`flag needs an argument: --${typed}`, 125);
      continue;
    }
    // A cluster of short names; the first one that takes a value takes the rest of it.
    for (let rest = word.slice(1); rest !== ''; ) {
      const letter = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      const name = names.short.get(letter);
      const option = name === undefined ? undefined : table[name];
      if (name === undefined || option === undefined) {
        if (letter === 'h') return { ...line, help: true };
        throw new UsageError(`unknown shorthand flag: '${letter}' in -${rest}`, 125);
      }
      const after = rest.slice(letter.length);
      if (after.startsWith('=') && after.length > 1) {
        set(name, option, after.slice(1));
        break;
      }
      if (option.implied !== undefined) {
        set(name, option, option.implied);
        rest = after;
        continue;
      }
      if (after !== '') set(name, option, after);
      else if (index + 1 < words.length) set(name, option, words[++index] ?? '');
      else throw new UsageError(`flag needs an argument: '${letter}' in -${rest}`, 125);
      break;
    }
  }
  return line;
}

function indexNames(table: OptionTable): { long: Map<string, string>; short: Map<string, string> } {
  const long = new Map<string, string>();
  const short = new Map<string, string>();
  for (const [name, option] of Object.entries(table)) {
    long.set(name, name);
    for (const hidden of option.hiddenNames ?? []) long.set(hidden, name);
    if (option.short !== undefined) short.set(option.short, name);
  }
  return { long, short };
}

function refusal(name: string, option: Option<unknown>, text: string, error: unknown): unknown {
  if (!isDhowError(error)) return error;
  if (error.kind === 'Unsupported') return new DhowError('Unsupported', `--${name} ${error.message}`);
  const shown = option.short === undefined ? `--${name}` : `-${option.short}, --${name}`;
  return new UsageError(
    `invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${messageOf(error)}`,
    125,
  );
}
