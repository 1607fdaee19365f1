import fs from 'node:fs/promises';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { makeLimitedDirectory } from '#sys/directory-limit.ts';
import { parseByteSize } from '#volume/byte-size.ts';

/** The directory of a writable layer that is limited is made now: whether that can be is a part of the answer. */
export async function limitStorage(
  context: ContainerContext,
  record: ContainerRecord,
  undo: AsyncDisposableStack,
): Promise<void> {
  const bytes = readStorageLimit(record.settings.host.storageOptions);
  if (bytes === undefined) return;
  const paths = pathsOf(context.containersDirectory, record.id);
  undo.defer(quietly('remove directory', () => context.trash.discard(paths.directory)));
  await fs.mkdir(paths.directory, { mode: 0o710 });
  makeLimitedDirectory(writableDirectory(paths, record.settings), bytes, 0o710);
}

/** Bytes of `--storage-opt size`. @throws InvalidParameter for another option */
export function readStorageLimit({ size, ...others }: Record<string, string>): number | undefined {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `unknown option for the storage: ${unknown.slice(0, 60)} (known is size)`,
    );
  }
  return size === undefined ? undefined : parseByteSize(size);
}
