import { indirect, type Result, sortedEntries, stringValue, type Value } from '#cli/output/template/value.ts';

/** Flags and widths of one formatting verb (Go's fmt, "Printing"). */
export interface Spec {
  readonly verb: string;
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  /** `%+v`: structs with the names of their fields. */
  readonly names: boolean;
  /** `%#v`: strings as Go writes them. */
  readonly literal: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

export const plain: Spec = {
  verb: 'v',
  minus: false,
  plus: false,
  sharp: false,
  names: false,
  literal: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

/** What `{{value}}` writes. */
export function printResult(result: Result): string {
  const { value } = indirect(result);
  if (result === undefined || value === undefined) return '<no value>';
  return printValue(value, plain);
}

/** One operand under one verb. Parts of slices, maps and structs are formatted by the same verb. */
export function printValue(value: Result, spec: Spec, depth = 0): string {
  if (value === undefined) return spec.verb === 'v' ? pad('<nil>', spec, false) : `%!${spec.verb}(<nil>)`;
  if (spec.verb === 'T') return pad(value.type.name, spec, false);
  if (value.type.display !== undefined && 'vsqxX'.includes(spec.verb)) {
    return printString(stringValue(value.type.display(value)), spec);
  }
  switch (value.kind) {
    case 'bool':
      return 'tv'.includes(spec.verb) ? pad(String(value.data), spec, false) : wrongVerb(value, spec);
    case 'int':
      return printInteger(value, value.data, spec);
    case 'float':
      return printFloat(value, value.data, spec);
    case 'string':
      return printString(value, spec);
    case 'slice': {
      const items = (value.data ?? []).map((item) => printValue(item, spec, depth + 1));
      return `[${items.join(' ')}]`;
    }
    case 'map': {
      const entries = sortedEntries(value.data ?? new Map<string, Value>()).map(
        ([key, item]) =>
          `${printValue(stringValue(key), spec, depth + 1)}:${printValue(item, spec, depth + 1)}`,
      );
      return `map[${entries.join(' ')}]`;
    }
    case 'struct': {
      const parts = [...value.data].map(([name, item]) => {
        const part = printValue(item, spec, depth + 1);
        return spec.names ? `${name}:${part}` : part;
      });
      return `{${parts.join(' ')}}`;
    }
    case 'interface':
      if (value.data !== null) return printValue(value.data, spec, depth);
      return pad(depth === 0 && spec.verb !== 'v' ? `%!${spec.verb}(<nil>)` : '<nil>', spec, false);
    case 'pointer':
      return printPointer(value, spec, depth);
  }
}

function printPointer(value: Value & { kind: 'pointer' }, spec: Spec, depth: number): string {
  if (value.data === null)
    return pad(spec.verb === 'v' ? '<nil>' : `%!${spec.verb}(${value.type.name}=<nil>)`, spec, false);
  const target = value.data.kind;
  const isComposite = target === 'struct' || target === 'map' || target === 'slice';
  // Go prints the address of what lies deeper; there is none here, and what it points at says more.
  return isComposite
    ? `&${printValue(value.data, spec, depth + 1)}`
    : printValue(value.data, spec, depth + 1);
}

function wrongVerb(value: Value, spec: Spec): string {
  return `%!${spec.verb}(${value.type.name}=${printValue(value, { ...spec, verb: 'v' })})`;
}

function printInteger(value: Value, data: bigint, spec: Spec): string {
  const magnitude = data < 0n ? -data : data;
  const sign = data < 0n ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  switch (spec.verb) {
    case 'v':
    case 'd':
      return padNumber(sign, withPrecision(magnitude.toString(10), spec), spec);
    case 'b':
      return padNumber(sign, withPrecision(magnitude.toString(2), spec), spec);
    case 'o':
      return padNumber(sign, (spec.sharp ? '0' : '') + withPrecision(magnitude.toString(8), spec), spec);
    case 'O':
      return padNumber(sign, `0o${withPrecision(magnitude.toString(8), spec)}`, spec);
    case 'x':
      return padNumber(sign, (spec.sharp ? '0x' : '') + withPrecision(magnitude.toString(16), spec), spec);
    case 'X':
      return padNumber(
        sign,
        (spec.sharp ? '0X' : '') + withPrecision(magnitude.toString(16).toUpperCase(), spec),
        spec,
      );
    case 'c':
      return pad(characterOf(data), spec, false);
    case 'q':
      return pad(quoteCharacter(characterOf(data)), spec, false);
    case 'U':
      return pad(`U+${magnitude.toString(16).toUpperCase().padStart(4, '0')}`, spec, false);
    default:
      return wrongVerb(value, spec);
  }
}

function withPrecision(digits: string, spec: Spec): string {
  return spec.precision === undefined ? digits : digits.padStart(spec.precision, '0');
}

function characterOf(data: bigint): string {
  return data >= 0n && data <= 0x10ffffn ? String.fromCodePoint(Number(data)) : '\ufffd';
}

function printFloat(value: Value, data: number, spec: Spec): string {
  const sign = data < 0 || Object.is(data, -0) ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  const magnitude = Math.abs(data);
  if (!'veEfFgG'.includes(spec.verb)) return wrongVerb(value, spec);
  if (!Number.isFinite(magnitude)) return pad(`${sign}${Number.isNaN(data) ? 'NaN' : 'Inf'}`, spec, false);
  const text = formatFloat(magnitude, spec.verb === 'v' ? 'g' : spec.verb, spec.precision);
  return padNumber(sign, text, spec);
}

/** A finite, non-negative number as Go's strconv writes it, with halves rounded to the even digit. */
export function formatFloat(magnitude: number, verb: string, precision: number | undefined): string {
  const lower = verb.toLowerCase();
  let text: string;
  if (lower === 'f') text = toFixedEven(magnitude, precision ?? 6);
  else if (lower === 'e') text = twoDigitExponent(toExponentialEven(magnitude, precision ?? 6));
  else text = formatGeneral(magnitude, precision);
  return verb === lower ? text : text.toUpperCase();
}

/** `g`: as many digits as needed, or at most `precision`; with an exponent below -4 and from the precision (else 6) on. */
function formatGeneral(magnitude: number, precision: number | undefined): string {
  if (magnitude === 0) return '0';
  const significant = precision === undefined ? undefined : Math.max(precision, 1);
  const scientific =
    significant === undefined ? magnitude.toExponential() : toExponentialEven(magnitude, significant - 1);
  const [mantissa = '', exponentText = '0'] = scientific.split('e');
  const exponent = Number(exponentText);
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  if (exponent < -4 || exponent >= (significant ?? 6)) return twoDigitExponent(`${trimmed}e${exponentText}`);
  const digits = trimmed.replace('.', '');
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** JavaScript rounds a half away from zero. The longest form that it can write shows whether there is an exact half. */
const mostDigits = 100;

function toFixedEven(magnitude: number, decimals: number): string {
  const places = Math.min(decimals, mostDigits);
  // From here on JavaScript writes an exponent, and no fraction is left.
  if (magnitude >= 1e21) return BigInt(magnitude) + (places === 0 ? '' : `.${'0'.repeat(places)}`);
  const usual = magnitude.toFixed(places);
  if (usual.includes('e') || !isExactHalf(magnitude.toFixed(mostDigits), places)) return usual;
  const lower = magnitude
    .toFixed(mostDigits)
    .slice(0, usual.indexOf('.') === -1 ? undefined : -(mostDigits - places));
  const cut = places === 0 ? (lower.split('.')[0] ?? lower) : lower;
  return isEven(cut) ? cut : usual;
}

function toExponentialEven(magnitude: number, decimals: number): string {
  const places = Math.min(decimals, mostDigits);
  const usual = magnitude.toExponential(places);
  const [exact = '', exponent] = magnitude.toExponential(mostDigits).split('e');
  if (!isExactHalf(exact, places)) return usual;
  const cut = places === 0 ? (exact[0] ?? '') : exact.slice(0, 2 + places);
  return isEven(cut) ? `${cut}e${exponent}` : usual;
}

function isExactHalf(exact: string, places: number): boolean {
  return /^50*$/.test(exact.slice(exact.indexOf('.') + 1 + places));
}

function isEven(digits: string): boolean {
  return /[02468]$/.test(digits);
}

function twoDigitExponent(text: string): string {
  return text.replace(/e([+-]?)(\d)$/, (_all, sign, digit) => `e${sign || '+'}0${digit}`);
}

function printString(value: Value, spec: Spec): string {
  const data = String(value.data);
  const cut = spec.precision === undefined ? data : [...data].slice(0, spec.precision).join('');
  switch (spec.verb) {
    case 'v':
    case 's':
      return pad(spec.literal ? quoteString(cut) : cut, spec, spec.zero);
    case 'q':
      return pad(spec.sharp && !cut.includes('`') ? `\`${cut}\`` : quoteString(cut), spec, spec.zero);
    case 'x':
      return pad(Buffer.from(data).toString('hex').slice(0, hexLength(spec)), spec, false);
    case 'X':
      return pad(Buffer.from(data).toString('hex').slice(0, hexLength(spec)).toUpperCase(), spec, false);
    default:
      return wrongVerb(value, spec);
  }
}

function hexLength(spec: Spec): number | undefined {
  return spec.precision === undefined ? undefined : spec.precision * 2;
}

/** A Go string literal (strconv.Quote). */
export function quoteString(text: string): string {
  let quoted = '';
  for (const character of text) quoted += character === '"' ? '\\"' : escapeCharacter(character);
  return `"${quoted}"`;
}

function quoteCharacter(character: string): string {
  return `'${character === "'" ? "\\'" : escapeCharacter(character)}'`;
}

const namedEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function escapeCharacter(character: string): string {
  const named = namedEscapes[character];
  if (named !== undefined) return named;
  if (character === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)) return character;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return `\\x${point.toString(16).padStart(2, '0')}`;
  return point > 0xffff
    ? `\\U${point.toString(16).padStart(8, '0')}`
    : `\\u${point.toString(16).padStart(4, '0')}`;
}

function pad(text: string, spec: Spec, zeros: boolean): string {
  const missing = (spec.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (spec.minus) return text + ' '.repeat(missing);
  return (zeros ? '0' : ' ').repeat(missing) + text;
}

function padNumber(sign: string, digits: string, spec: Spec): string {
  const zeros = spec.zero && !spec.minus && spec.width !== undefined;
  return zeros
    ? sign + digits.padStart((spec.width ?? 0) - sign.length, '0')
    : pad(sign + digits, spec, false);
}
