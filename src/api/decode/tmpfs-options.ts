import { DhowError } from '#errors/error.ts';

/** Options of mount(8) that have no value; some have a second one that says no. */
const flags = new Set([
  ...['defaults', 'ro', 'rw', 'sync', 'dirsync', 'remount', 'bind', 'rbind', 'strictatime', 'nostrictatime'],
  ...['relatime', 'norelatime', 'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'],
  ...['unbindable', 'runbindable', 'async'],
  ...['suid', 'dev', 'exec', 'mand', 'atime', 'diratime'].flatMap((name) => [name, `no${name}`]),
]);

/** tmpfs(5) */
const valued = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);

/** What follows the colon of `--tmpfs`. @throws InvalidParameter in Docker's words */
export function checkTmpfsOptions(text: string): string {
  for (const option of text === '' ? [] : text.split(',')) {
    const [name = '', ...rest] = option.split('=');
    if (flags.has(option) || (valued.has(name) && rest.length > 0)) continue;
    const words = [name, ...(rest.length > 0 ? [rest.join('=')] : [])].map((word) => JSON.stringify(word));
    throw new DhowError('InvalidParameter', `invalid tmpfs option [${words.join(' ')}]`);
  }
  return text;
}
