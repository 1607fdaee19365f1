import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';
import type { HostConfig } from '#wire/host-config.ts';

/** A seccomp profile is some 12 KB. */
const maximumBytes = 1024 * 1024;

/**
 * The options as the daemon takes them: a seccomp profile by its content, which `seccomp=PATH` names. `systempaths=unconfined` is
 * two lists without entries.
 * @param directory absolute, of the project
 * @throws InvalidParameter, NotFound for a profile that is none
 */
export function securityOptionsOf(
  options: readonly string[],
  directory: string,
): Pick<HostConfig, 'SecurityOpt' | 'MaskedPaths' | 'ReadonlyPaths'> {
  const written = options.map((option) => option.replace(/^([a-z-]+):/, '$1='));
  const kept = written.filter((option) => option !== 'systempaths=unconfined');
  const SecurityOpt = kept.map((option) => {
    const profile = /^seccomp=(.*)$/s.exec(option)?.[1];
    if (profile === undefined || /^(unconfined|builtin|\{.*)$/s.test(profile)) return option;
    return `seccomp=${readProfile(resolve(directory, profile))}`;
  });
  return kept.length === written.length
    ? { SecurityOpt }
    : { SecurityOpt, MaskedPaths: [], ReadonlyPaths: [] };
}

function readProfile(path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DhowError('NotFound', `cannot read the seccomp profile ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (content.length > maximumBytes) {
    throw new DhowError(
      'InvalidParameter',
      `the seccomp profile ${path} is larger than ${maximumBytes} bytes`,
    );
  }
  try {
    return JSON.stringify(JSON.parse(content));
  } catch (error) {
    throw new DhowError('InvalidParameter', `the seccomp profile ${path} is no JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
