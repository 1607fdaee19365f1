const specialParameters = '@*#?-$!';

/**
 * The name of a variable at a place in a text, or ''. Letters of any script, digits and `_`; one that begins with a
 * digit has digits only, and the shell's special parameters are one character.
 */
export function readName(text: string, at: number): string {
  const first = text[at];
  if (first === undefined) return '';
  if (specialParameters.includes(first)) return first;
  const pattern = /[0-9]/.test(first) ? /[0-9]+/y : /[\p{L}_][\p{L}\p{Nd}_]*/uy;
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** `$1`, `$@` and the like have no meaning here, and nobody can define them. */
export function isSpecialParameter(name: string): boolean {
  return /^(?:[0-9]+|[@*#?$!-])$/.test(name);
}
