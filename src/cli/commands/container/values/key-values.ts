import { readFileSync } from 'node:fs';
import { DhowError, messageOf } from '#errors/error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `--env`: `NAME=value`, or `NAME` to take the value that the CLI itself has. A name that has none is sent alone, which removes
 * the image's value.
 */
function parseVariable(text: string, environment: Environment): string {
  const [name = ''] = text.split('=', 1);
  if (name === '') throw new DhowError('InvalidParameter', `invalid environment variable: ${text}`);
  if (text.includes('=')) return text;
  const value = environment[name];
  return value === undefined ? text : `${name}=${value}`;
}

/**
 * A file of lines `NAME=value` for `--env-file` and `--label-file`. Empty lines and lines that begin with `#` are skipped;
 * values are taken literally, quotes and trailing spaces included. `bare` says what a line without `=` means; undefined
 * leaves it out.
 *
 * @throws InvalidParameter naming file and line
 */
export function readKeyValueFile(path: string, bare: (name: string) => string | undefined): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new DhowError('InvalidParameter', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  let content: string;
  try {
    // Without `ignoreBOM` the decoder takes a byte order mark away.
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DhowError('InvalidParameter', `${path} contains invalid UTF-8`, { cause: error });
  }
  const pairs: string[] = [];
  for (const [index, raw] of content.split(/\r?\n/).entries()) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = equals === -1 ? line : line.slice(0, equals);
    const where = `${path}, line ${index + 1}`;
    if (name === '') throw new DhowError('InvalidParameter', `no variable name on line '${line}' (${where})`);
    if (/\s/.test(name)) {
      throw new DhowError('InvalidParameter', `variable '${name}' contains whitespaces (${where})`);
    }
    const pair = equals === -1 ? bare(name) : line;
    if (pair !== undefined) pairs.push(pair);
  }
  return pairs;
}

/** The variables of `--env-file` and `--env`; the latter come later and win. */
export function readVariables(
  files: readonly string[],
  given: readonly string[],
  environment: Environment,
): string[] {
  const fromFiles = files.flatMap((path) =>
    readKeyValueFile(path, (name) =>
      environment[name] === undefined ? undefined : `${name}=${environment[name]}`,
    ),
  );
  return [...fromFiles, ...given.map((text) => parseVariable(text, environment))];
}

/** `--label`. @throws InvalidParameter in Docker's words */
export function parseLabel(text: string): string {
  if (/^(=|$)/.test(text)) throw new DhowError('InvalidParameter', `invalid label '${text}': empty name`);
  return text;
}

/** `--sysctl`. @throws InvalidParameter for a name without a value */
export function parseSysctl(text: string): string {
  if (!/^[^=]+=/.test(text)) throw new DhowError('InvalidParameter', `"${text}" is not name=value`);
  return text;
}

/** `key=value` texts as an object; the value of a bare key is empty. */
export function toRecord(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
