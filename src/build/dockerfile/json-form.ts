export type JsonForm =
  | { kind: 'array'; items: string[] }
  /** A JSON array, but not of strings: a mistake, and no shell command. */
  | { kind: 'not-strings' }
  /** Anything else is the shell form, also what was meant as JSON and is not. */
  | { kind: 'text' };

/** The exec form: a JSON array of strings. */
export function parseStringArray(text: string): JsonForm {
  if (!text.trimStart().startsWith('[')) return { kind: 'text' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'text' };
  }
  if (!Array.isArray(parsed)) return { kind: 'text' };
  if (!parsed.every((item) => typeof item === 'string')) return { kind: 'not-strings' };
  return { kind: 'array', items: parsed };
}
