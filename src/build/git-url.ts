/** A git repository as `docker build` and ADD name it: `URL#ref:directory`. */
export interface GitUrl {
  repository: string;
  /** Branch, tag or commit; undefined: what HEAD is. */
  ref?: string;
  /** Below the repository's root. */
  directory?: string;
}

/**
 * `git://`, `ssh://` and `git@host:path` are always git; by HTTP it is what ends with `.git`; `github.com/…` is short for https.
 * @returns undefined for anything else
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  const [location = '', fragment = ''] = text.split(/#(.*)/s);
  const isGit =
    /^(?:git|ssh):\/\//.test(location) ||
    /^[\w.-]+@[\w.-]+:/.test(location) ||
    /^github\.com\//.test(location) ||
    /^https?:\/\/[^?]*\.git$/.test(location);
  if (!isGit) return undefined;
  const [ref = '', directory = ''] = fragment.split(/:(.*)/s);
  const repository = location.startsWith('github.com/') ? `https://${location}` : location;
  return {
    repository,
    ...(ref === '' ? {} : { ref }),
    ...(directory === '' ? {} : { directory }),
  };
}
