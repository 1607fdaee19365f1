import { interpolateText, type Variables } from '#compose/document/interpolate.ts';
import { complain } from '#compose/document/node.ts';
import { isDhowError } from '#errors/error.ts';

/**
 * Reads `KEY=value` lines as Compose does: comments, `export`, values in single quotes (as they are, over several lines too) and in double
 * quotes (with escapes and variables), plain values up to ` #`. A key without `=` takes its value from `variables`, or is left out.
 * Later values may use earlier ones; `variables` win over both.
 * @throws InvalidParameter with file and line
 */
export function parseEnvFile(file: string, text: string, variables: Variables): Map<string, string> {
  const values = new Map<string, string>();
  const source = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const line = /[ \t]*(?:(?:#[^\n]*)?(?:\n|$)|(?:export[ \t]+)?([^\s=:#'"]+)[ \t]*)/y;
  let offset = 0;
  const fail = (message: string) =>
    complain({ file, line: source.slice(0, offset).split('\n').length, column: 1 }, message);
  while (offset < source.length) {
    line.lastIndex = offset;
    const found = line.exec(source);
    if (found === null) throw fail('expected KEY=value');
    const key = found[1];
    if (key === undefined) {
      offset = line.lastIndex;
      continue;
    }
    const after = line.lastIndex;
    if (source[after] !== '=' && source[after] !== ':') {
      if (source[after] !== '\n' && after < source.length) throw fail(`expected = behind ${key}`);
      const inherited = variables.get(key);
      if (inherited !== undefined) values.set(key, inherited);
      offset = after;
      continue;
    }
    const value = readValue(source, after + 1);
    if (value === undefined) throw fail(`the quotes around the value of ${key} are not closed`);
    try {
      const known = new Map([...values, ...variables]);
      values.set(key, value.raw ? value.text : interpolateText(value.text, known));
    } catch (error) {
      throw isDhowError(error) ? fail(error.message) : error;
    }
    offset = value.end;
  }
  return values;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  $: '$$',
};

function readValue(source: string, from: number): { text: string; raw: boolean; end: number } | undefined {
  let start = from;
  while (source[start] === ' ' || source[start] === '\t') start += 1;
  const quote = source[start];
  const lineEnd = (index: number) => {
    const end = source.indexOf('\n', index);
    return end === -1 ? source.length : end;
  };
  if (quote === "'") {
    const close = source.indexOf("'", start + 1);
    return close === -1
      ? undefined
      : { text: source.slice(start + 1, close), raw: true, end: lineEnd(close) };
  }
  if (quote === '"') {
    let text = '';
    for (let index = start + 1; index < source.length; index++) {
      const letter = source[index] ?? '';
      if (letter === '"') return { text, raw: false, end: lineEnd(index) };
      if (letter === '\\') {
        index += 1;
        const escaped = source[index] ?? '';
        text += escapes[escaped] ?? `\\${escaped}`;
      } else text += letter;
    }
    return undefined;
  }
  const end = lineEnd(start);
  return {
    text: source
      .slice(start, end)
      .replace(/(^|\s+)#.*$/, '')
      .trim(),
    raw: false,
    end,
  };
}
