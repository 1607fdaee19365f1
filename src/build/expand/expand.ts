import type { Budget } from '#build/expand/budget.ts';
import { parseShellPattern, replaceMatches, trimPrefix, trimSuffix } from '#build/expand/glob.ts';
import { isSpecialParameter, readName } from '#build/expand/names.ts';
import { DhowError } from '#errors/error.ts';

/**
 * Variables and quotes in the words of a Dockerfile, in the manner of a POSIX shell but without commands: `$name`,
 * `${name}`, and with an operator `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/` `//`.
 */
export interface ExpandOptions {
  escapeMark: '\\' | '`';
  lookup: (name: string) => string | undefined;
  budget: Budget;
  /** Told of a name that has no value and for which the word gives none either. */
  onUnset?: (name: string) => void;
}

/** Values that double from line to line would fill the memory. */
const maxExpandedLength = 1024 * 1024;
const maxDepth = 64;

/** @returns the word with variables expanded and quotes taken off. @throws InvalidParameter */
export function expandWord(word: string, options: ExpandOptions): string {
  return new Expansion(word, options, 'quotes').all().text;
}

/** As `expandWord`, but blanks outside quotes separate words, also those that come out of a variable. */
export function expandWords(word: string, options: ExpandOptions): string[] {
  return new Expansion(word, options, 'quotes').all().words;
}

/**
 * Content of a heredoc: quotes are text. As in BuildKit, and unlike in a shell, each backslash takes the next character as it is;
 * the escape directive does not count.
 * @throws InvalidParameter
 */
export function expandHeredoc(content: string, options: Omit<ExpandOptions, 'escapeMark'>): string {
  return new Expansion(content, { ...options, escapeMark: '\\' }, 'heredoc').all().text;
}

class Expansion {
  readonly #text: string;
  readonly #options: ExpandOptions;
  readonly #mode: 'quotes' | 'heredoc';
  #at = 0;
  #depth = 0;

  constructor(text: string, options: ExpandOptions, mode: 'quotes' | 'heredoc') {
    this.#text = text;
    this.#options = options;
    this.#mode = mode;
  }

  all(): { text: string; words: string[] } {
    const { budget } = this.#options;
    budget.spend(this.#text.length);
    const expanded = this.#until('', false);
    budget.spend(expanded.text.length);
    return expanded;
  }

  /**
   * Reads to the end or to an unquoted `stop`, which is taken too.
   * @param rawEscapes escapes stay, because a pattern is read in which they have a meaning
   */
  #until(stop: string, rawEscapes: boolean): { text: string; words: string[] } {
    if (++this.#depth > maxDepth) throw invalid('variables are nested too deeply');
    const words = new WordCollector();
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) {
        if (stop !== '') throw invalid(`a ${stop} is missing after "\${"`);
        break;
      }
      if (stop !== '' && character === stop) {
        this.#at++;
        break;
      }
      if (character === "'" && this.#mode === 'quotes') words.addQuoted(this.#single());
      else if (character === '"' && this.#mode === 'quotes') words.addQuoted(this.#double());
      else if (character === '$') words.addExpanded(this.#dollar());
      else if (character === this.#options.escapeMark) this.#escaped(words, rawEscapes);
      else {
        this.#at++;
        words.addPlain(character);
      }
    }
    this.#depth--;
    return words.end();
  }

  #escaped(words: WordCollector, raw: boolean): void {
    const { escapeMark } = this.#options;
    const next = this.#text[this.#at + 1];
    this.#at += 2;
    if (next === undefined) return;
    words.addQuoted(raw ? escapeMark + next : next);
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end === -1) throw invalid("a closing ' is missing");
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return text;
  }

  #double(): string {
    const { escapeMark } = this.#options;
    this.#at++;
    let result = '';
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw invalid('a closing " is missing');
      if (character === '"') {
        this.#at++;
        return result;
      }
      if (character === '$') result += this.#dollar();
      else if (character === escapeMark) {
        const next = this.#text[this.#at + 1];
        if (next === undefined) throw invalid('a closing " is missing');
        this.#at += 2;
        result += next === '"' || next === '$' || next === escapeMark ? next : escapeMark + next;
      } else {
        this.#at++;
        result += character;
      }
      if (result.length > maxExpandedLength) throw tooLong();
    }
  }

  #dollar(): string {
    this.#at++;
    if (this.#text[this.#at] !== '{') {
      const name = readName(this.#text, this.#at);
      this.#at += name.length;
      return name === '' ? '$' : this.#value(name);
    }
    this.#at++;
    const name = readName(this.#text, this.#at);
    this.#at += name.length;
    const operator = this.#text[this.#at];
    if (operator === undefined) throw invalid('a } is missing after "${"');
    if (name === '') throw invalid('"${" must be followed by the name of a variable');
    this.#at++;
    if (operator === '}') return this.#value(name);
    if (operator === '/') return this.#replace(name);
    const colon = operator === ':';
    const kind = colon ? (this.#text[this.#at++] ?? '') : operator;
    if (kind === '-' || kind === '+' || kind === '?') return this.#conditional(name, kind, colon);
    if (!colon && (kind === '#' || kind === '%')) return this.#trim(name, kind);
    throw invalid(
      `"${colon ? ':' : ''}${kind}" after "\${${name}" is no operator; there are :- - :+ + :? ? # ## % %% / //`,
    );
  }

  #conditional(name: string, kind: '-' | '+' | '?', emptyIsUnset: boolean): string {
    const word = this.#until('}', false).text;
    const value = this.#options.lookup(name);
    const present = value !== undefined && !(emptyIsUnset && value === '');
    if (kind === '+') return present ? word : '';
    if (present) return value;
    if (kind === '-') return word;
    const why = word || (value === undefined ? 'it must be set' : 'it must not be empty');
    throw invalid(`${name}: ${why}`);
  }

  #trim(name: string, kind: '#' | '%'): string {
    const longest = this.#text[this.#at] === kind;
    if (longest) this.#at++;
    const pattern = parseShellPattern(this.#until('}', true).text);
    const value = this.#value(name);
    const { budget } = this.#options;
    return kind === '#'
      ? trimPrefix(pattern, value, longest, budget)
      : trimSuffix(pattern, value, longest, budget);
  }

  #replace(name: string): string {
    const all = this.#text[this.#at] === '/';
    if (all) this.#at++;
    const pattern = parseShellPattern(this.#until('/', true).text);
    const replacement = this.#until('}', false).text;
    const replaced = replaceMatches(pattern, this.#value(name), replacement, {
      all,
      maxLength: maxExpandedLength,
      budget: this.#options.budget,
    });
    if (replaced === undefined) throw tooLong();
    return replaced;
  }

  #value(name: string): string {
    const value = this.#options.lookup(name);
    if (value === undefined && !isSpecialParameter(name)) this.#options.onUnset?.(name);
    return value ?? '';
  }
}

class WordCollector {
  readonly #words: string[] = [];
  #text = '';
  #word = '';
  /** `""` is a word too. */
  #begun = false;

  addPlain(character: string): void {
    this.#grow(character);
    if (/\s/.test(character)) this.#endWord();
    else {
      this.#word += character;
      this.#begun = true;
    }
  }

  addQuoted(text: string): void {
    this.#grow(text);
    this.#word += text;
    this.#begun = true;
  }

  addExpanded(text: string): void {
    this.#grow(text);
    if (!/\s/.test(text)) {
      this.#word += text;
      this.#begun ||= text !== '';
      return;
    }
    const parts = text.split(/\s+/);
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.#endWord();
      this.#word += part;
      this.#begun ||= part !== '';
    }
  }

  end(): { text: string; words: string[] } {
    this.#endWord();
    return { text: this.#text, words: this.#words };
  }

  #endWord(): void {
    if (this.#begun) this.#words.push(this.#word);
    this.#word = '';
    this.#begun = false;
  }

  #grow(text: string): void {
    if (this.#text.length + text.length > maxExpandedLength) throw tooLong();
    this.#text += text;
  }
}

function tooLong(): DhowError {
  return invalid(`the expanded text is longer than ${maxExpandedLength} characters`);
}

function invalid(message: string): DhowError {
  return new DhowError('InvalidParameter', message);
}
