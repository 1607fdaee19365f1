import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

/** As members of this group may use Docker without being root, so they may use Dhow. */
const usualGroup = 'docker';

/**
 * The group whose members may use a unix socket; 0 is root's.
 * @param wanted its name or number, empty for nobody but root; undefined for the usual one, if there is one
 * @throws InvalidParameter
 */
export function socketGroup(wanted: string | undefined, file = '/etc/group'): number {
  if (wanted === '') return 0;
  if (wanted !== undefined && /^\d{1,10}$/.test(wanted)) return Number(wanted);
  const found = findGroup(readGroups(file), wanted ?? usualGroup);
  if (found === undefined && wanted !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `there is no group "${wanted}" in ${file}: make it by groupadd, or give another --group by name or number`,
    );
  }
  return found ?? 0;
}

/** group(5) */
function findGroup(groups: string, name: string): number | undefined {
  for (const line of groups.split('\n')) {
    const [known, , number] = line.split(':');
    if (known === name && number !== undefined && /^\d+$/.test(number)) return Number(number);
  }
  return undefined;
}

function readGroups(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
