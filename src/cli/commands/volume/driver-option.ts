import { DhowError } from '#errors/error.ts';

/** One `--opt`, such as `type=tmpfs`. @throws InvalidParameter */
export function parseDriverOption(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new DhowError('InvalidParameter', `"${pair}" is not key=value`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
