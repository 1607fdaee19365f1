import { basename } from 'node:path';
import { DhowError } from '#errors/error.ts';

const valid = /^[a-z0-9][a-z0-9_-]*$/;

/**
 * The project's name: what the user said, what the files say, or the directory's name made fit.
 * Source: Compose specification, "Version and name".
 * @throws InvalidParameter when a given name does not fit
 */
export function projectName(
  given: string | undefined,
  written: string | undefined,
  directory: string,
): string {
  const chosen = given ?? written;
  if (chosen !== undefined) {
    if (valid.test(chosen)) return chosen;
    throw new DhowError(
      'InvalidParameter',
      `invalid project name "${chosen}": it must be of lower-case letters, digits, - and _, and begin with a letter or digit`,
    );
  }
  const made = basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
  if (made !== '') return made;
  throw new DhowError(
    'InvalidParameter',
    `"${directory}" gives no project name; choose one with --project-name`,
  );
}
