import { DhowError } from '#errors/error.ts';

/** A file or directory of a git repository. */
export interface RemoteAddress {
  readonly repository: string;
  /** A branch, tag or commit; undefined for the default branch. */
  readonly ref: string | undefined;
  /** Within the repository, without `.` and `..`; empty for its root. */
  readonly path: string;
  /** What the repository is called. */
  readonly name: string;
}

/** Whether a name of a file is no path of this machine. */
export function isRemote(name: string): boolean {
  return /^([a-z][a-z+.-]*:\/\/|oci:|git@|github\.com\/)/.test(name);
}

/**
 * `https://host/name.git[#[ref][:path]]`, the same with http, ssh and git, `git@host:name.git…` and `github.com/owner/name…`.
 * @throws Unsupported for what is no git repository; InvalidParameter for a reference or path that could mean something else
 */
export function parseRemote(address: string): RemoteAddress {
  const [base = '', fragment = ''] = address.split(/#(.*)/s);
  const isGit =
    /^(https?:\/\/[^/]+\/.+\.git|(git|ssh):\/\/[^/]+\/.+|git@[\w.-]+:.+)$/.test(base) ||
    /^github\.com\/[^/]+\/[^/]+$/.test(base);
  if (!isGit) {
    throw new DhowError(
      'Unsupported',
      `"${address}" is no git repository (https://…/name.git, ssh://, git://, git@host:name): Compose files come from no other remote`,
    );
  }
  const [ref = '', path = ''] = fragment.split(/:(.*)/s);
  const fail = (problem: string) => new DhowError('InvalidParameter', `"${address}": ${problem}`);
  // Control characters, spaces and a dash in front would be read as something else by git.
  if (/[\s\p{Cc}]/u.test(address) || /^-/.test(ref) || /:\/\/-|@-/.test(base))
    throw fail('no such repository');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw fail('a path cannot lead out of the repository');
  if (parts[0] === '.git') throw fail('a path cannot lead into what is git’s own');
  return {
    repository: base.startsWith('github.com/') ? `https://${base}` : base,
    ref: ref === '' ? undefined : ref,
    path: parts.join('/'),
    name: (base.split(/[/:]/).at(-1) ?? '').replace(/\.git$/, '') || 'repository',
  };
}
