import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { DhowError, kindOf, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { makeLimitedDirectory } from '#sys/directory-limit.ts';
import { hasCode } from '#sys/libc.ts';
import { readVolumeOptions } from '#volume/local/options.ts';
import { directoryOf, getVolume, type LocalParts } from '#volume/local/parts.ts';
import type { VolumeRecord, VolumeRequest } from '#volume/volume.ts';

/** Docker's rule for volume names. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** @throws InvalidParameter in Docker's words */
export function checkName(name: string): void {
  if (/^[a-zA-Z0-9]$/.test(name)) {
    throw new DhowError(
      'InvalidParameter',
      'volume name is too short, names should be at least two alphanumeric characters',
    );
  }
  if (name.length <= 255 && namePattern.test(name)) return;
  throw new DhowError(
    'InvalidParameter',
    `"${name.slice(0, 300)}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}

/** See `VolumeStore.create`. */
export async function createVolume(parts: LocalParts, request: VolumeRequest): Promise<VolumeRecord> {
  const name = request.name ?? makeUpName();
  const { options = {} } = request;
  try {
    checkName(name);
    readVolumeOptions(options);
  } catch (error) {
    throw new DhowError(kindOf(error), `create ${name.slice(0, 300)}: ${messageOf(error)}`, { cause: error });
  }
  return parts.inOrder(name, async () => {
    const known = parts.table.find(name);
    if (known) {
      if (Object.keys(options).length > 0 && !sameOptions(known.options, options)) {
        throw new DhowError('Conflict', `a volume "${name}" exists already, with other options`);
      }
      return known;
    }
    await using undo = new AsyncDisposableStack();
    undo.defer(
      quietly(`take back volume ${name}`, async () => {
        parts.table.delete(name);
        await removeEmptyVolume(directoryOf(parts, name));
      }),
    );
    // Directory first: a row promises that the directory exists. One without a row is taken in by this.
    await makeDirectory(parts, name, options);
    parts.table.insert(describeVolume(name, request));
    await parts.database.durable();
    undo.move();
    return getVolume(parts, name);
  });
}

export function makeUpName(): string {
  return randomBytes(32).toString('hex');
}

export function describeVolume(name: string, request: VolumeRequest): Omit<VolumeRecord, 'mountpoint'> {
  const { labels = {}, options = {}, anonymous = request.name === undefined } = request;
  return { name, labels, options, anonymous, createdAt: new Date() };
}

/** On disk when this resolves. @throws Unsupported for a size limit that cannot be kept; nothing is left then */
export async function makeDirectory(
  parts: Pick<LocalParts, 'directory'>,
  name: string,
  options: Readonly<Record<string, string>>,
): Promise<string> {
  const directory = directoryOf(parts, name);
  const mountpoint = path.join(directory, '_data');
  const kind = readVolumeOptions(options);
  if (kind.kind === 'directory' && kind.sizeBytes !== undefined) {
    // Only what is made below it counts.
    if (existsSync(directory)) {
      throw new DhowError(
        'Conflict',
        `${directory} is there already, so it cannot be given a size: move it away`,
      );
    }
    makeLimitedDirectory(directory, kind.sizeBytes, 0o755);
  }
  // One by one: of a read-only file system a recursive mkdir says that the parent does not exist.
  for (const made of [directory, mountpoint]) await makeUnlessThere(made);
  await Promise.all([directory, parts.directory].map(syncDirectory));
  return mountpoint;
}

async function makeUnlessThere(directory: string): Promise<void> {
  try {
    await fs.mkdir(directory, { mode: 0o755 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** Removes the directory of a volume that has no files; true also when it is gone already. @returns false when it has some */
export async function removeEmptyVolume(directory: string): Promise<boolean> {
  for (const place of [path.join(directory, '_data'), directory]) {
    try {
      await fs.rmdir(place);
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY')) return false;
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  return true;
}

/** The names in a directory survive a power cut. @throws DataLoss */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await fs.open(directory, 'r');
  try {
    await handle.sync();
  } catch (cause) {
    throw new DhowError('DataLoss', `cannot write ${directory} to disk: ${messageOf(cause)}`, { cause });
  }
}

function sameOptions(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
