import { once } from 'node:events';
import type { CliContext } from '#cli/context.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { DhowError } from '#errors/error.ts';

/**
 * Writes an archive to the file of `--output`, or to standard output.
 * @param open asks for the archive, once it is known to have a place
 * @throws InvalidParameter when that place is a terminal
 */
export async function writeArchive(
  { stdout, signal, workingDirectory }: CliContext,
  output: string | undefined,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<void> {
  if (output !== undefined) {
    await writeOutputFile(output, workingDirectory, await open());
    return;
  }
  if (stdout.isTTY === true) {
    throw new DhowError(
      'InvalidParameter',
      'cowardly refusing to save to a terminal. Use the -o flag or redirect',
    );
  }
  for await (const piece of await open()) if (!stdout.write(piece)) await once(stdout, 'drain', { signal });
}
