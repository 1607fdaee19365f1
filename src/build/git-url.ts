import { DhowError } from '#errors/error.ts';

/** A git repository as `docker build` and ADD name it: `URL#ref:directory`, or `URL?ref=…&subdir=…`. */
export interface GitUrl {
  repository: string;
  /** Branch, tag or commit; undefined: what HEAD is. */
  ref?: string;
  /** Below the repository's root. */
  directory?: string;
  /** What the commit's id must begin with. */
  commit?: string;
  /** Whether submodules are left out. */
  withoutSubmodules?: boolean;
  keepGitDirectory?: boolean;
}

/**
 * `git://`, `ssh://` and `git@host:path` are always git; by HTTP it is what ends with `.git`; `github.com/…` is short for https.
 * @returns undefined for anything else. @throws InvalidParameter for a query or fragment that says nothing to git
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  const [place = '', fragment = ''] = text.split(/#(.*)/s);
  const [location = '', query = ''] = place.split(/\?(.*)/s);
  const isGit =
    /^(?:git|ssh):\/\//.test(location) ||
    /^[\w.-]+@[\w.-]+:/.test(location) ||
    /^github\.com\//.test(location) ||
    /^https?:\/\/.*\.git$/.test(location);
  if (!isGit) return undefined;
  const repository = location.startsWith('github.com/') ? `https://${location}` : location;
  if (query !== '' && fragment !== '') {
    throw new DhowError(
      'InvalidParameter',
      `"${text.slice(0, 200)}" says with both ? and # what is meant: write one`,
    );
  }
  if (query !== '') return { repository, ...parseQuery(query, text) };
  const [ref = '', directory = ''] = fragment.split(/:(.*)/s);
  return {
    repository,
    ...(ref === '' ? {} : { ref }),
    ...(directory === '' ? {} : { directory }),
  };
}

function parseQuery(query: string, text: string): Omit<GitUrl, 'repository'> {
  const refuse = (why: string): Error =>
    new DhowError('InvalidParameter', `the git URL "${text.slice(0, 200)}" ${why}`);
  const parsed: Omit<GitUrl, 'repository'> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    switch (name) {
      case 'ref':
      case 'tag':
      case 'branch': {
        if (parsed.ref !== undefined) throw refuse('names several of ref, tag and branch');
        const prefix = { ref: '', tag: 'refs/tags/', branch: 'refs/heads/' }[name];
        parsed.ref = `${prefix}${value}`;
        break;
      }
      case 'subdir':
        parsed.directory = value;
        break;
      case 'checksum':
      case 'commit':
        if (!/^[0-9a-f]{7,64}$/.test(value)) throw refuse(`has a ${name} that is no id of a commit`);
        parsed.commit = value;
        break;
      case 'submodules':
        parsed.withoutSubmodules = !isTrue(value);
        break;
      case 'keep-git-dir':
        parsed.keepGitDirectory = isTrue(value);
        break;
      default:
        throw refuse(
          `has "${name}", which is none of ref, tag, branch, subdir, checksum, submodules, keep-git-dir`,
        );
    }
  }
  return parsed;

  function isTrue(value: string): boolean {
    if (['', '1', 'true'].includes(value)) return true;
    if (['0', 'false'].includes(value)) return false;
    throw refuse(`has "${value}" where true or false is expected`);
  }
}
