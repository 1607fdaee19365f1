const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const escapePattern = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gsu;

/**
 * The value of a Go string or character literal, quotes included in the text (Go specification, "String literals").
 * Undefined when an escape is not one of Go's.
 */
export function unquote(literal: string): string | undefined {
  const quote = literal[0] ?? '';
  const inner = literal.slice(1, -1);
  if (quote === '`') return inner.replaceAll('\r', '');
  let valid = true;
  const value = inner.replace(escapePattern, (_all, hex, short, long, octal, simple: string | undefined) => {
    if (simple !== undefined) {
      const character = simpleEscapes[simple];
      const otherQuote = (simple === '"' || simple === "'") && simple !== quote;
      if (character === undefined || otherQuote) valid = false;
      return character ?? '';
    }
    const point = octal === undefined ? Number.parseInt(hex ?? short ?? long, 16) : Number.parseInt(octal, 8);
    if (point > 0x10ffff || (octal !== undefined && point > 255)) {
      valid = false;
      return '';
    }
    return String.fromCodePoint(point);
  });
  return valid ? value : undefined;
}

export interface NumberLiteral {
  /** Written as a float; `1e3` is one, though it also serves as an integer. */
  isFloat: boolean;
  integer: bigint | undefined;
  float: number;
}

/** The value of a Go number literal. Undefined when it is none. */
export function parseNumber(text: string): NumberLiteral | undefined {
  const match = /^([+-]?)(.*)$/s.exec(text);
  const sign = match?.[1] === '-' ? -1 : 1;
  const digits = (match?.[2] ?? '').replace(/(?<=[0-9a-fA-FxXoObB])_(?=[0-9a-fA-F])/g, '');
  if (/^0[xX][0-9a-fA-F]+$|^0[oO][0-7]+$|^0[bB][01]+$|^(?:0|[1-9][0-9]*)$/.test(digits))
    return fromInteger(BigInt(digits), sign);
  if (/^0[0-7]+$/.test(digits)) return fromInteger(BigInt(`0o${digits.slice(1)}`), sign);
  if (!/^(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?$/.test(digits)) return undefined;
  const float = sign * Number(digits);
  if (!Number.isFinite(float)) return undefined;
  return {
    isFloat: /[.eEpP]/.test(digits),
    integer: Number.isInteger(float) ? BigInt(float) : undefined,
    float,
  };
}

function fromInteger(magnitude: bigint, sign: number): NumberLiteral | undefined {
  const integer = sign < 0 ? -magnitude : magnitude;
  if (integer < -(2n ** 63n) || integer >= 2n ** 64n) return undefined;
  return { isFloat: false, integer, float: Number(integer) };
}
