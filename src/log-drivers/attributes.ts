import { DhowError, messageOf } from '#errors/error.ts';
import type { LogDriver, LogOptions } from '#log-drivers/options.ts';
import type { LogSubject } from '#log-drivers/subject.ts';
import { expandTag } from '#log-drivers/tag.ts';

/** What `logs --details` tells with each line: what the driver would give back from where it has put the log. */
export function readableAttributes(
  driver: LogDriver,
  options: LogOptions,
  subject: LogSubject,
): Record<string, string> {
  const chosen = chosenAttributes(options, subject);
  switch (driver) {
    case 'json-file':
      return options['tag'] ? { ...chosen, tag: expandTag(options['tag'], subject) } : chosen;
    case 'journald':
      return journalFields(chosen);
    default:
      return {};
  }
}

/** The labels and variables that the options `labels`, `labels-regex`, `env` and `env-regex` choose. */
export function chosenAttributes(options: LogOptions, subject: LogSubject): Record<string, string> {
  const variables = subject.environment.map((entry): [string, string] => {
    const [name = '', value = ''] = entry.split(/=(.*)/s);
    return [name, value];
  });
  return Object.fromEntries([
    ...choose('labels', Object.entries(subject.labels), options),
    ...choose('env', variables, options),
  ]);
}

function choose(
  name: 'labels' | 'env',
  available: readonly [string, string][],
  options: LogOptions,
): [string, string][] {
  const names = (options[name] ?? '').split(',');
  const pattern = compilePattern(`${name}-regex`, options[`${name}-regex`]);
  return available.filter(([key]) => names.includes(key) || pattern?.test(key));
}

/** @throws InvalidParameter */
export function compilePattern(name: string, text: string | undefined): RegExp | undefined {
  if (!text) return undefined;
  try {
    return new RegExp(text, 'v');
  } catch (error) {
    throw new DhowError('InvalidParameter', `invalid log option ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** By names as journald takes them, systemd.journal-fields(7): upper case, and no leading underscore, which is for its own. */
export function journalFields(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes)
      .map(([name, value]) => [
        name
          .toUpperCase()
          .replaceAll(/[^A-Z0-9]/g, '_')
          .replace(/^[_0-9]+/, ''),
        value,
      ])
      .filter(([name]) => name !== ''),
  );
}
