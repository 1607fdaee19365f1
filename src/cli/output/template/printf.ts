import { plain, printValue, type Spec } from '#cli/output/template/print.ts';
import { type Result, unwrap } from '#cli/output/template/value.ts';

/** Wider fields than this are refused, as in Go. */
const maxWidth = 1_000_000;

/** Go's fmt.Sprintf. Mistakes show in the text, as there: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`. */
export function sprintf(format: string, operands: readonly Result[]): string {
  return new Formatter(format, operands).run();
}

class Formatter {
  private readonly format: string;
  private readonly operands: readonly Result[];
  private position = 0;
  private operand = 0;
  private reordered = false;
  private goodIndex = true;

  constructor(format: string, operands: readonly Result[]) {
    this.format = format;
    this.operands = operands;
  }

  run(): string {
    let text = '';
    while (this.position < this.format.length) {
      const percent = this.format.indexOf('%', this.position);
      if (percent === -1) {
        text += this.format.slice(this.position);
        break;
      }
      text += this.format.slice(this.position, percent);
      this.position = percent + 1;
      text += this.readVerb();
    }
    if (!this.reordered && this.operand < this.operands.length) {
      const extra = this.operands.slice(this.operand).map((value) => {
        const concrete = unwrap(value);
        return concrete === undefined ? '<nil>' : `${concrete.type.name}=${printValue(concrete, plain)}`;
      });
      text += `%!(EXTRA ${extra.join(', ')})`;
    }
    return text;
  }

  private readVerb(): string {
    this.goodIndex = true;
    const flags = { minus: false, plus: false, sharp: false, space: false, zero: false };
    for (; ; this.position++) {
      const flag = this.format[this.position];
      if (flag === '-') flags.minus = true;
      else if (flag === '+') flags.plus = true;
      else if (flag === '#') flags.sharp = true;
      else if (flag === ' ') flags.space = true;
      else if (flag === '0') flags.zero = true;
      else break;
    }
    this.readIndex();
    let error = '';
    let width = this.readNumber(() => {
      error += '%!(BADWIDTH)';
    });
    if (width !== undefined && width < 0) {
      flags.minus = true;
      width = -width;
    }
    let precision: number | undefined;
    if (this.format[this.position] === '.') {
      this.position++;
      this.readIndex();
      precision =
        this.readNumber(() => {
          error += '%!(BADPREC)';
        }) ?? 0;
      if (precision < 0) precision = undefined;
    }
    this.readIndex();
    const verb = String.fromCodePoint(this.format.codePointAt(this.position) ?? 0);
    if (this.position >= this.format.length) return `${error}%!(NOVERB)`;
    this.position += verb.length;
    if (verb === '%') return `${error}%`;
    if (!this.goodIndex) return `${error}%!${verb}(BADINDEX)`;
    if (this.operand >= this.operands.length) return `${error}%!${verb}(MISSING)`;
    // For `%v` the signs ask for another form and not for a sign.
    const isPlain = verb === 'v';
    const spec: Spec = {
      ...flags,
      plus: flags.plus && !isPlain,
      sharp: flags.sharp && !isPlain,
      names: flags.plus && isPlain,
      literal: flags.sharp && isPlain,
      verb,
      width,
      precision,
    };
    return error + printValue(unwrap(this.operands[this.operand++]), spec);
  }

  /** `[n]` before a verb, a width or a precision chooses the operand. */
  private readIndex(): void {
    if (this.format[this.position] !== '[') return;
    this.reordered = true;
    const match = /^\[(\d+)\]/.exec(this.format.slice(this.position, this.position + 12));
    const index = Number(match?.[1] ?? 0);
    if (match === null || index < 1 || index > this.operands.length) {
      this.goodIndex = false;
      const close = this.format.indexOf(']', this.position);
      this.position = close === -1 ? this.position + 1 : close + 1;
      return;
    }
    this.operand = index - 1;
    this.position += match[0].length;
  }

  private readNumber(onBad: () => void): number | undefined {
    if (this.format[this.position] === '*') {
      this.position++;
      const value = unwrap(this.operands[this.operand]);
      if (this.operand < this.operands.length) this.operand++;
      if (value?.kind !== 'int' || value.data > BigInt(maxWidth) || value.data < BigInt(-maxWidth)) {
        onBad();
        return undefined;
      }
      return Number(value.data);
    }
    const digits = /^\d+/.exec(this.format.slice(this.position, this.position + 8))?.[0];
    if (digits === undefined) return undefined;
    this.position += digits.length;
    return Number(digits) > maxWidth ? undefined : Number(digits);
  }
}

/** Go's fmt.Sprint: a space between operands when neither is a string. */
export function sprint(operands: readonly Result[]): string {
  let text = '';
  for (const [i, operand] of operands.entries()) {
    const isString = unwrap(operand)?.kind === 'string';
    const wasString = unwrap(operands[i - 1])?.kind === 'string';
    if (i > 0 && !isString && !wasString) text += ' ';
    text += printValue(unwrap(operand), plain);
  }
  return text;
}

/** Go's fmt.Sprintln. */
export function sprintln(operands: readonly Result[]): string {
  return `${operands.map((operand) => printValue(unwrap(operand), plain)).join(' ')}\n`;
}
