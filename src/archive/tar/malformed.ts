import { DhowError } from '#errors/error.ts';

/** The error for an archive that breaks the format or a bound. */
export function malformed(problem: string): DhowError {
  return new DhowError('InvalidParameter', `malformed tar archive: ${problem}`);
}

/** A name out of an archive, short and printable enough for a message. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
