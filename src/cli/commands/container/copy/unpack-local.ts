import { createWriteStream } from 'node:fs';
import { chmod, link, lstat, lutimes, mkdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { readTar, type TarEntry, type TarHeader } from '#archive/read-tar.ts';
import { DhowError } from '#errors/error.ts';

/**
 * Unpacks what a daemon sent, as files of the user who runs us. The archive may be a stranger's: no entry leaves the directory, and
 * none goes through a link, be it the archive's own or one that was there before. Names are bytes, held as one character for each.
 *
 * @param rename gives an entry its name below the directory
 * @throws InvalidParameter for a hostile archive, where a file would replace a directory or the other way round, and where anything
 * would replace a device, a pipe or a socket
 */
export async function unpackLocal(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  rename: (name: string) => string,
): Promise<void> {
  const root = Buffer.from(directory).toString('latin1');
  const locate = (name: Buffer): string[] => partsOf(rename(name.toString('latin1')));
  const directories = new Map<string, TarHeader>();
  for await (const entry of readTar(archive)) {
    const parts = locate(entry.header.nameBytes);
    await checkParents(root, parts.slice(0, -1));
    const path = join(root, ...parts);
    if (entry.header.type === 'directory') {
      await makeDirectory(path, entry.header);
      directories.set(path, entry.header);
    } else {
      await makeOther(path, entry, () => join(root, ...locate(entry.header.linkNameBytes)));
    }
  }
  // At last, as a directory may be closed to its owner, and every entry made in it changed its time.
  for (const [path, header] of [...directories].reverse()) {
    await chmod(onDisk(path), header.mode);
    await setTime(path, header);
  }
}

function onDisk(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

function partsOf(name: string): string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw hostile(name, 'it leads upwards');
  return parts;
}

/** Makes what is missing. */
async function checkParents(directory: string, parents: readonly string[]): Promise<void> {
  let path = directory;
  for (const part of parents) {
    path = join(path, part);
    const stats = await lstatOrNothing(path);
    if (stats === undefined) await mkdir(onDisk(path));
    else if (!stats.isDirectory()) throw hostile(path, 'an entry lies below it, and it is no directory');
  }
}

async function makeDirectory(path: string, { mode }: TarHeader): Promise<void> {
  const stats = await lstatOrNothing(path);
  if (stats === undefined) await mkdir(onDisk(path), 0o700 | mode);
  else if (!stats.isDirectory()) throw cannotReplace('non-directory', path, 'directory');
}

async function makeOther(path: string, { header, body }: TarEntry, linkTarget: () => string): Promise<void> {
  const stats = await lstatOrNothing(path);
  if (stats?.isDirectory()) throw cannotReplace('directory', path, 'non-directory');
  if (stats !== undefined) {
    // A device, such as /dev/null, or a pipe is not thought to go.
    if (!stats.isFile() && !stats.isSymbolicLink()) throw cannotReplace('device or pipe', path, 'file');
    await unlink(onDisk(path));
  }
  if (header.type === 'file') {
    const file = createWriteStream(onDisk(path), { flags: 'wx', mode: 0o600 });
    for await (const piece of body)
      if (!file.write(piece)) await new Promise((resolve) => file.once('drain', resolve));
    file.end();
    await finished(file);
    await chmod(onDisk(path), header.mode);
    await setTime(path, header);
  } else if (header.type === 'symlink') {
    await symlink(header.linkNameBytes, onDisk(path));
    await setTime(path, header);
  } else if (header.type === 'hard-link') {
    const target = linkTarget();
    const inside = await lstatOrNothing(dirname(target));
    if (inside === undefined || !inside.isDirectory())
      throw hostile(header.linkName, 'a hard link leads to it');
    await link(onDisk(target), onDisk(path));
  } else {
    throw new DhowError(
      'Unsupported',
      `cannot make the ${header.type} ${path} on this machine: copy to a tar archive with "-" instead`,
    );
  }
}

async function setTime(path: string, { modifiedAt: { seconds, nanoseconds } }: TarHeader): Promise<void> {
  const time = seconds + nanoseconds / 1e9;
  await lutimes(onDisk(path), time, time);
}

async function lstatOrNothing(path: string) {
  try {
    return await lstat(onDisk(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function hostile(name: string, why: string): DhowError {
  return new DhowError('InvalidParameter', `refusing ${JSON.stringify(name.slice(0, 300))}: ${why}`);
}

function cannotReplace(present: string, path: string, wanted: string): DhowError {
  return new DhowError('InvalidParameter', `cannot overwrite ${present} "${path}" with ${wanted}`);
}
