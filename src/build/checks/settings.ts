import { isRuleName, type RuleName, rules } from '#build/checks/rules.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import type { Dockerfile } from '#build/dockerfile.ts';
import { DhowError } from '#errors/error.ts';

/** Which rules run, and whether a finding fails the build: `# check=skip=A,B;experimental=C;error=true`. */
export interface CheckSettings {
  skip: ReadonlySet<RuleName> | 'all';
  experimental: ReadonlySet<RuleName> | 'all';
  error: boolean;
}

/** The build argument that says the same and wins. */
const checkArgument = 'BUILDKIT_DOCKERFILE_CHECK';

/** @throws InvalidParameter for an unknown setting or rule */
export function readCheckSettings(
  { directives, source }: Pick<Dockerfile, 'directives' | 'source'>,
  buildArgs: ReadonlyMap<string, string>,
): CheckSettings {
  const given = buildArgs.get(checkArgument);
  if (given !== undefined) {
    return parse(given, (message) => new DhowError('InvalidParameter', `${checkArgument}: ${message}`));
  }
  const { check } = directives;
  const { value, line } = check ?? { value: '', line: 1 };
  const range = { start: { line, column: 0 }, end: { line, column: source.lines[line - 1]?.length ?? 0 } };
  return parse(value, (message) => dockerfileError(source, range, message));
}

function parse(text: string, refuse: (message: string) => Error): CheckSettings {
  const settings: CheckSettings = { skip: new Set(), experimental: new Set(), error: false };
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    const key = part.slice(0, equals === -1 ? undefined : equals).trim();
    const value = equals === -1 ? '' : part.slice(equals + 1).trim();
    if (key === 'skip') settings.skip = parseRules(value, refuse);
    else if (key === 'experimental') settings.experimental = parseRules(value, refuse);
    else if (key === 'error') {
      if (!/^(?:true|false|1|0)$/i.test(value)) throw refuse(`error= takes true or false, not "${value}"`);
      settings.error = /^(?:true|1)$/i.test(value);
    } else {
      throw refuse(
        `unknown setting of checks "${key.slice(0, 64)}"${didYouMean(key, ['skip', 'experimental', 'error'])}`,
      );
    }
  }
  return settings;
}

function parseRules(value: string, refuse: (message: string) => Error): ReadonlySet<RuleName> | 'all' {
  const names = value.split(',').map((name) => name.trim());
  if (names.includes('all')) return 'all';
  return new Set(
    names.map((name) => {
      if (isRuleName(name)) return name;
      throw refuse(`unknown rule "${name.slice(0, 64)}"${didYouMean(name, Object.keys(rules))}`);
    }),
  );
}
