import type { Command, Verbs } from '#cli/command.ts';
import type { CliContext } from '#cli/context.ts';
import type { OptionTable } from '#cli/options.ts';
import type { CommandEntry } from '#cli/registry.ts';

/** What could stand where the cursor is. */
export interface Candidates {
  words: Candidate[];
  /** Nouns of which the daemon knows the names. */
  objects: ObjectKind[];
  /** Names for the kind `service`, which files have and not the daemon. */
  services?: (context: CliContext) => readonly string[];
  /** Paths are possible too. */
  files: boolean;
}

export interface Candidate {
  word: string;
  help: string;
}

export type ObjectKind = 'container' | 'running-container' | 'image' | 'network' | 'volume' | 'service';

interface Parts {
  registry: readonly CommandEntry[];
  groups: Readonly<Record<string, string>>;
  globalOptions: OptionTable;
}

const nothing: Candidates = { words: [], objects: [], files: false };

/** Commands that make no sense of a container that does not run. */
const runningOnly = new Set(['attach', 'exec', 'kill', 'pause', 'port', 'stop', 'top', 'unpause']);

/**
 * @param words of the command line after the program's name; the last one is being typed
 */
export async function findCandidates(parts: Parts, words: readonly string[]): Promise<Candidates> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const position = skipOptions(parts.globalOptions, before, 0);
  if (position === undefined) return { ...nothing, files: true };
  const rest = before.slice(position);
  const entry = findEntry(parts.registry, rest);
  if (entry === undefined) return atCommand(parts, rest, current);
  const { command } = await entry.entry.load();
  const typed = rest.slice(entry.length);
  return command.verbs === undefined
    ? atOperand(entry.name, command, typed, current)
    : atVerb(command, command.verbs, typed, current);
}

function findEntry(
  registry: readonly CommandEntry[],
  words: readonly string[],
): { entry: CommandEntry; name: string; length: number } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const entry = words.length < length ? undefined : registry.find(({ names }) => names.includes(name));
    if (entry !== undefined) return { entry, name, length };
  }
  return undefined;
}

function atCommand(
  { registry, groups, globalOptions }: Parts,
  words: readonly string[],
  current: string,
): Candidates {
  const [group, ...more] = words;
  if (more.length > 0) return nothing;
  if (group !== undefined) {
    const commands = registry.flatMap(({ names, summary }) =>
      names
        .filter((name) => name.startsWith(`${group} `))
        .map((name) => ({ word: name.slice(group.length + 1), help: summary })),
    );
    return { ...nothing, words: commands };
  }
  if (current.startsWith('-')) return { ...nothing, words: optionWords(globalOptions) };
  const top = registry.flatMap(({ names, summary }) =>
    names.filter((name) => !name.includes(' ')).map((word) => ({ word, help: summary })),
  );
  const groupWords = Object.entries(groups).map(([word, help]) => ({ word, help }));
  return { ...nothing, words: [...groupWords, ...top] };
}

async function atVerb(
  command: Command,
  verbs: Verbs,
  words: readonly string[],
  current: string,
): Promise<Candidates> {
  const position = skipOptions(command.options, words, 0);
  if (position === undefined) return valuesOf(words.at(-1) ?? '');
  const verb = words[position];
  if (verb === undefined) {
    if (current.startsWith('-')) return { ...nothing, words: optionWords(command.options) };
    const all = verbs.entries.flatMap(({ names, summary }) => names.map((word) => ({ word, help: summary })));
    return { ...nothing, words: all };
  }
  const entry = verbs.entries.find(({ names }) => names.includes(verb));
  if (entry === undefined) return nothing;
  const { command: inner } = await entry.load();
  const candidates = atOperand(verb, inner, words.slice(position + 1), current);
  const options = words.slice(0, position);
  return { ...candidates, services: (context) => verbs.services(context, options) };
}

function atOperand(name: string, command: Command, words: readonly string[], current: string): Candidates {
  const operands: string[] = [];
  for (let index = 0; index < words.length; ) {
    const next = skipOptions(command.options, words, index);
    if (next === undefined) return valuesOf(words.at(-1) ?? '');
    if (next < words.length) operands.push(words[next] ?? '');
    index = next + 1;
  }
  const ownsRest = command.interspersed === false && operands.length > 0;
  if (current.startsWith('-') && !ownsRest) return { ...nothing, words: optionWords(command.options) };
  return operandsOf(name, command, operands);
}

/**
 * The position of the first word from `start` on that is neither an option nor an option's value.
 * @returns undefined when the last word is an option whose value is to come
 */
function skipOptions(options: OptionTable, words: readonly string[], start: number): number | undefined {
  let index = start;
  for (; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-') || word === '-') return index;
    if (word === '--') return index + 1;
    if (word.includes('=')) continue;
    if (!takesValue(options, word)) continue;
    if (index + 1 >= words.length) return undefined;
    index++;
  }
  return index;
}

function takesValue(options: OptionTable, word: string): boolean {
  const option = word.startsWith('--')
    ? options[word.slice(2)]
    : Object.values(options).find(({ short }) => short === word.at(-1));
  return option !== undefined && option.implied === undefined;
}

function optionWords(options: OptionTable): Candidate[] {
  return Object.entries(options)
    .filter(([, { help }]) => help !== '')
    .map(([name, { help }]) => ({ word: `--${name}`, help: help.split('\n', 1)[0] ?? '' }));
}

const optionObjects: Readonly<Record<string, ObjectKind>> = {
  '--network': 'network',
  '--net': 'network',
  '--link': 'running-container',
  '--volumes-from': 'container',
  '--volume': 'volume',
  '-v': 'volume',
};

function valuesOf(option: string): Candidates {
  const object = optionObjects[option];
  return { words: [], objects: object === undefined ? [] : [object], files: option !== '--network' };
}

/** What the usage says of the next operand, such as `CONTAINER [CONTAINER...]` or `SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]`. */
function operandsOf(name: string, command: Command, operands: readonly string[]): Candidates {
  const kinds = new Set<ObjectKind>();
  let files = false;
  for (const usage of command.usage) {
    const places = usage.replace('[OPTIONS]', '').trim().split(/\s+/);
    const last = places.at(-1) ?? '';
    const place = places[operands.length] ?? (last.endsWith('...]') ? last : '');
    const verb = name.split(' ').at(-1) ?? '';
    if (/CONTAINER/.test(place)) kinds.add(runningOnly.has(verb) ? 'running-container' : 'container');
    else if (/IMAGE|REPOSITORY|NAME\[/.test(place)) kinds.add('image');
    else if (/NETWORK/.test(place)) kinds.add('network');
    else if (/VOLUME/.test(place)) kinds.add('volume');
    else if (/SERVICE/.test(place)) kinds.add('service');
    if (/PATH|file|URL|ARG|COMMAND/.test(place)) files = true;
  }
  return { words: [], objects: [...kinds], files };
}
