import fs from 'node:fs';
import path from 'node:path';
import { outputOf, runCommand } from './command.ts';

export type FileSystemType = 'ext4' | 'xfs' | 'btrfs';

/** A file system of its own, in a file. */
export interface LoopFileSystem extends AsyncDisposable {
  /** Where it is mounted. */
  readonly directory: string;
  /** Mounts it anew with other options, such as `ro`. */
  remount(options: string): Promise<void>;
  /** Checks and mends an ext4 that nobody uses, and mounts it again. */
  repair(): Promise<void>;
}

let counter = 0;

/** Why this machine has no such file system; undefined when it has. */
export function missingFileSystem(type: FileSystemType): string | undefined {
  const known = fs.readFileSync('/proc/filesystems', 'utf8').split('\n');
  if (!known.some((line) => line.trim() === type)) return `the kernel knows no ${type}`;
  if (!fs.existsSync(`/sbin/mkfs.${type}`)) return `mkfs.${type} is not installed`;
  return undefined;
}

/** Makes and mounts one, in a file below `parent`. Disposing unmounts it and removes the file. */
export async function createLoopFileSystem(
  type: FileSystemType,
  megabytes: number,
  parent = '/tmp',
): Promise<LoopFileSystem> {
  counter += 1;
  const base = `${parent}/dhow-loop-${process.pid.toString(36)}x${counter}`;
  const [image, directory] = [path.join(base, 'image'), path.join(base, 'mounted')];
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  const mount = () => outputOf('mount', ['-o', 'loop', '-t', type, image, directory]);
  try {
    fs.writeFileSync(image, '');
    fs.truncateSync(image, megabytes * 1024 * 1024);
    await outputOf(`/sbin/mkfs.${type}`, ['-q', image]);
    await mount();
  } catch (error) {
    fs.rmSync(base, { recursive: true, force: true });
    throw error;
  }
  return {
    directory,
    remount: async (options) => void (await outputOf('mount', ['-o', `remount,${options}`, directory])),
    async repair() {
      await outputOf('umount', [directory]);
      // 1: there was something to mend, and it was.
      const { code, stderr } = await runCommand('/sbin/e2fsck', ['-f', '-y', image]);
      if (code > 1) throw new Error(`e2fsck ended with ${code}: ${stderr}`);
      await mount();
    },
    async [Symbol.asyncDispose]() {
      const { code, stderr } = await runCommand('umount', [directory]);
      if (code !== 0) {
        await runCommand('umount', ['--lazy', directory]);
        throw new Error(`${directory} was still in use: ${stderr}`);
      }
      fs.rmSync(base, { recursive: true, force: true });
    },
  };
}
