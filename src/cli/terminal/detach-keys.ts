import type { CliContext } from '#cli/context.ts';
import { readPreferences } from '#cli/preferences.ts';
import { parseDetachKeys } from '#wire/detach-keys.ts';

/**
 * The keys by which a terminal is left: those of `--detach-keys`, or what the user prefers; undefined for Docker's own. The
 * preference counts only where there is a terminal.
 * @throws InvalidParameter when they are none
 */
export async function chooseDetachKeys(
  context: CliContext,
  given: string | undefined,
  terminal: boolean,
): Promise<string | undefined> {
  const keys =
    given ||
    (terminal ? (await readPreferences(context.configDirectory)).detachKeys : undefined) ||
    undefined;
  if (keys !== undefined) parseDetachKeys(keys);
  return keys;
}
