import fs from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '#sys/libc.ts';
import { syncFileSystem } from '#sys/sync.ts';

/**
 * Filling an empty volume all at once or not at all, owner and mode of its own directory included. What goes in is made beside the volume, put on disk, and marked as complete by
 * a rename; then each entry is moved in by another. A daemon that dies before the mark leaves an empty volume; one that dies
 * after it leaves the rest of the moves to `finishFill`. And a container that has the volume mounted already cannot plant symlinks in
 * the way of what is being made.
 */
export async function fillVolume(
  mountpoint: string,
  make: (staging: string) => Promise<void>,
): Promise<void> {
  const { part } = placesOf(mountpoint);
  await fs.rm(part, { recursive: true, force: true });
  await fs.mkdir(part, { mode: 0o700 });
  try {
    const { uid, gid, mode } = await fs.stat(mountpoint);
    await fs.chown(part, uid, gid);
    await fs.chmod(part, mode & 0o7777);
    await make(part);
    await syncFileSystem(part);
    await fs.rename(part, placesOf(mountpoint).ready);
  } catch (error) {
    await fs.rm(part, { recursive: true, force: true });
    throw error;
  }
  await finishFill(mountpoint);
}

/** Moves in what an earlier fill had made ready. */
export async function finishFill(mountpoint: string): Promise<void> {
  const { ready } = placesOf(mountpoint);
  const status = await fs.stat(ready).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (status === undefined) return;
  for (const name of await fs.readdir(ready, { encoding: 'buffer' })) {
    await fs.rename(join(ready, name), join(mountpoint, name));
  }
  await fs.chown(mountpoint, status.uid, status.gid);
  await fs.chmod(mountpoint, status.mode & 0o7777);
  await fs.rmdir(ready);
}

/** Removes what a fill that was never complete has left. */
export async function dropUnfinishedFill(mountpoint: string): Promise<void> {
  await fs.rm(placesOf(mountpoint).part, { recursive: true, force: true });
}

/** A fresh ext4 has `lost+found`, which is no content. */
export async function isEmpty(directory: string): Promise<boolean> {
  return (await fs.readdir(directory)).every((name) => name === 'lost+found');
}

function placesOf(mountpoint: string): { part: string; ready: string } {
  const beside = path.dirname(mountpoint);
  return { part: path.join(beside, '_fill.part'), ready: path.join(beside, '_fill.ready') };
}

/** Names need not be UTF-8. */
function join(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}
