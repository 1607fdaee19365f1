import { settings } from '#daemon/config/settings.ts';
import { DhowError } from '#errors/error.ts';

/** Flag (without dashes, long form) and text of each, in the order given. @throws InvalidParameter naming the word */
export function parseFlags(argv: readonly string[]): [string, string][] {
  const flags: [string, string][] = [];
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const match = /^(?:--([a-z-]+)|-([a-zA-Z]))(?:=([\s\S]*))?$/.exec(word);
    const name = match?.[1] ?? match?.[2];
    const setting = settings.find((known) => known.flag === name || known.short === name);
    if (!match || (!setting && name !== 'config-file')) {
      throw new DhowError('InvalidParameter', `unknown flag: ${word}\nSee 'dhow daemon --help'.`);
    }
    const value = match[3] ?? (setting?.kind === 'switch' ? 'true' : queue.shift());
    if (value === undefined) throw new DhowError('InvalidParameter', `flag needs an argument: ${word}`);
    flags.push([setting?.flag ?? 'config-file', value]);
  }
  return flags;
}
