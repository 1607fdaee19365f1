import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';
import { openInRoot, openRoot } from '#sys/open-in-root.ts';

/**
 * Fills an empty volume with what the image has at `target`, as Docker does: owners, modes, times, links and xattrs kept,
 * and the directory's own owner and mode too. The copy is made beside the volume and moved in entry by entry, because a container that
 * has the volume mounted already could plant symlinks in the way of a copy into it.
 */
export async function copyUp(rootDirectory: string, target: string, mountpoint: string): Promise<void> {
  if ((await fs.readdir(mountpoint)).length > 0) return;
  const source = openDirectoryInRoot(rootDirectory, target);
  if (source === undefined) return;
  const staging = path.join(path.dirname(mountpoint), '_copy-up');
  try {
    await fs.rm(staging, { recursive: true, force: true });
    await fs.mkdir(staging, { mode: 0o700 });
    await copyTree(`/proc/${process.pid}/fd/${source}/.`, staging);
    for (const name of await fs.readdir(staging)) {
      await fs.rename(path.join(staging, name), path.join(mountpoint, name));
    }
    const { uid, gid, mode } = fstatSync(source);
    await fs.chown(mountpoint, uid, gid);
    await fs.chmod(mountpoint, mode & 0o7777);
  } finally {
    closeSync(source);
    await fs.rm(staging, { recursive: true, force: true });
  }
}

function openDirectoryInRoot(rootDirectory: string, target: string): number | undefined {
  const root = openRoot(rootDirectory);
  try {
    return openInRoot(root, target, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    // The image has nothing there: the volume stays empty.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  } finally {
    closeSync(root);
  }
}

/** coreutils' cp knows every kind of file; this runs once in a volume's life. */
async function copyTree(source: string, target: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn('cp', ['-a', '--', source, target], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 2000);
  });
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve();
    else
      reject(new DhowError('Internal', `cannot copy the image's files into the volume: ${complaint.trim()}`));
  });
  await promise;
}
