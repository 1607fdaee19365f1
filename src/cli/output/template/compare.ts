import { plain, printValue } from '#cli/output/template/print.ts';
import { compareText, type Result, unwrap, type Value } from '#cli/output/template/value.ts';

/** Thrown by a template function; the evaluator adds which call it was. */
export class FunctionFailure extends Error {}

type Basic = Value & { kind: 'string' | 'bool' | 'int' | 'float' };

function asBasic(value: Value): Basic | undefined {
  const isBasic =
    value.kind === 'string' || value.kind === 'bool' || value.kind === 'int' || value.kind === 'float';
  return isBasic ? value : undefined;
}

/** `eq a b…`: whether the first is equal to any of the others. */
export function equal(first: Result, others: readonly Result[]): boolean {
  if (others.length === 0) throw new FunctionFailure('missing argument for comparison');
  return others.some((other) => equalPair(unwrap(first), unwrap(other)));
}

export function notEqual(first: Result, second: Result): boolean {
  return !equalPair(unwrap(first), unwrap(second));
}

function equalPair(left: Result, right: Result): boolean {
  if (left === undefined || right === undefined) return left === right;
  const basicLeft = asBasic(left);
  const basicRight = asBasic(right);
  if (basicLeft?.kind !== basicRight?.kind) throw new FunctionFailure('incompatible types for comparison');
  if (basicLeft !== undefined) return basicLeft.data === basicRight?.data;
  checkComparable(right);
  checkComparable(left);
  if (left.type.name !== right.type.name) return false;
  return left === right || printValue(left, plain) === printValue(right, plain);
}

function checkComparable(value: Value): void {
  if (value.kind === 'map' || (value.kind === 'slice' && value.type.length === undefined)) {
    throw new FunctionFailure(
      `non-comparable type ${printValue(value, { ...plain, verb: 's' })}: ${value.type.name}`,
    );
  }
}

/** `lt`. The order of two integers, floats or strings. */
export function isLess(first: Result, second: Result): boolean {
  const left = unwrap(first);
  const right = unwrap(second);
  const basicLeft = left === undefined ? undefined : asBasic(left);
  const basicRight = right === undefined ? undefined : asBasic(right);
  if (basicLeft === undefined || basicRight === undefined)
    throw new FunctionFailure('invalid type for comparison');
  if (basicLeft.kind === 'int' && basicRight.kind === 'int') return basicLeft.data < basicRight.data;
  if (basicLeft.kind === 'float' && basicRight.kind === 'float') return basicLeft.data < basicRight.data;
  if (basicLeft.kind === 'string' && basicRight.kind === 'string')
    return compareText(basicLeft.data, basicRight.data) < 0;
  throw new FunctionFailure(
    basicLeft.kind === basicRight.kind ? 'invalid type for comparison' : 'incompatible types for comparison',
  );
}

export function isAtMost(first: Result, second: Result): boolean {
  return isLess(first, second) || equal(first, [second]);
}
