import { dockerfileError, type SourceText } from '#build/dockerfile/source.ts';

/** The comments at the top of a Dockerfile that steer how it is read: `# escape=`, `# syntax=`, `# check=`. */
export interface Directives {
  escape: EscapeCharacter;
  /** Image of another frontend. This builder reads the language itself, so it is told and not obeyed. */
  syntax?: string;
  check?: { value: string; line: number };
  /** How many lines they take. */
  lineCount: number;
}

export type EscapeCharacter = '\\' | '`';

const known = new Set(['escape', 'syntax', 'check']);
const pattern = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S(?:.*\S)?)\s*$/;

/** The section ends at the first line that is no known directive, be it a comment. */
export function readDirectives(source: SourceText): Directives {
  const directives: Directives = { escape: '\\', lineCount: 0 };
  const seen = new Set<string>();
  for (const [index, line] of source.lines.entries()) {
    const match = line.length > 4096 ? null : pattern.exec(line);
    const name = match?.[1]?.toLowerCase() ?? '';
    if (match === null || !known.has(name)) break;
    const value = match[2] ?? '';
    const start = line.indexOf(match[1] ?? '');
    const refuse = (message: string): Error =>
      dockerfileError(
        source,
        {
          start: { line: index + 1, column: start },
          end: { line: index + 1, column: line.trimEnd().length },
        },
        message,
      );
    if (seen.has(name)) throw refuse(`the parser directive "${name}" stands here a second time`);
    seen.add(name);
    directives.lineCount = index + 1;
    if (name === 'syntax') directives.syntax = value;
    else if (name === 'check') directives.check = { value, line: index + 1 };
    else if (value === '\\' || value === '`') directives.escape = value;
    else throw refuse(`the escape character must be \\ or \`, not "${value}"`);
  }
  return directives;
}
