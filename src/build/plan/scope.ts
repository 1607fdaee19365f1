import type { Report } from '#build/checks/finding.ts';
import type { EscapeCharacter } from '#build/dockerfile/directives.ts';
import { dockerfileError, type SourceText, type Word } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import type { Budget } from '#build/expand/budget.ts';
import { expandWord, expandWords } from '#build/expand/expand.ts';
import { messageOf } from '#errors/error.ts';

/** Arguments that a RUN may use without declaring them; they are neither in the history nor in cache keys. */
export const proxyArguments: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
);

/**
 * The variables at one place of a stage. Of an ARG and an ENV with the same name the later one counts, so that an argument can
 * replace what the base image sets: as in BuildKit, unlike in Docker's first builder.
 */
export interface Scope {
  env: Map<string, string>;
  /** Declared arguments; undefined: declared without a value. Those that an ENV came after are not here. */
  args: Map<string, string | undefined>;
}

export function lookupIn({ env, args }: Scope, name: string): string | undefined {
  return args.get(name) ?? env.get(name);
}

export function setEnvironment({ env, args }: Scope, name: string, value: string): void {
  env.set(name, value);
  args.delete(name);
}

/** Expands words of one instruction, with errors and findings at the word. */
export interface Expander {
  word(word: Word): string;
  words(word: Word): string[];
}

export interface ExpanderOptions {
  source: SourceText;
  escapeMark: EscapeCharacter;
  scope: Scope;
  budget: Budget;
  /** Told of variables that nobody has declared. */
  report?: Report;
}

export function createExpander({ source, escapeMark, scope, budget, report }: ExpanderOptions): Expander {
  const optionsFor = (word: Word) => ({
    escapeMark,
    budget,
    lookup: (name: string) => lookupIn(scope, name),
    onUnset: (name: string) => {
      if (scope.args.has(name)) return;
      const hint = didYouMean(name, [...scope.env.keys(), ...scope.args.keys()]);
      report?.({
        rule: 'UndefinedVar',
        message: `the variable $${name} is not defined${hint}`,
        source,
        range: word.range,
      });
    },
  });
  const at = <Result>(word: Word, expand: () => Result): Result => {
    try {
      return expand();
    } catch (error) {
      throw dockerfileError(source, word.range, messageOf(error));
    }
  };
  return {
    word: (word) => at(word, () => expandWord(word.text, optionsFor(word))),
    words: (word) => at(word, () => expandWords(word.text, optionsFor(word))),
  };
}
