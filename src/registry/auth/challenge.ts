/** One way in which a server wants to be convinced, RFC 9110 section 11.6.1. */
export interface Challenge {
  /** Lower case. */
  scheme: string;
  /** Names in lower case. */
  parameters: ReadonlyMap<string, string>;
}

/** Longer headers are not read further; real ones have a few hundred characters. */
const maxHeaderLength = 16 * 1024;

const separators = /[ \t,]*/y;
const spaces = /[ \t]+/y;
const word = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const equals = /[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/sy;
/** Some servers leave the quotes out although the value, such as a URL, needs them. */
const bare = /[^\s,"]+/y;
/** Credentials that stand in place of parameters, as in `Negotiate YII=`. */
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads a `WWW-Authenticate` header, which may hold several challenges. What cannot be read ends the reading: the
 * challenges before it count. Never throws.
 */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, maxHeaderLength);
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match ?? undefined;
  };

  const challenges: Challenge[] = [];
  for (;;) {
    take(separators);
    const scheme = take(word)?.[0];
    if (scheme === undefined) return challenges;
    const parameters = new Map<string, string>();
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    if (!take(spaces) || take(token68)) continue;
    for (;;) {
      const start = at;
      take(separators);
      const name = take(word)?.[0].toLowerCase();
      if (name === undefined || !take(equals)) {
        // Without `=` it is not a parameter but the scheme of the next challenge.
        at = start;
        break;
      }
      const value = take(quoted)?.[1]?.replaceAll(/\\(.)/gs, '$1') ?? take(bare)?.[0];
      if (value === undefined) return challenges;
      if (!parameters.has(name)) parameters.set(name, value);
    }
  }
}
