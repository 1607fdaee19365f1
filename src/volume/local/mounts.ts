import fs from 'node:fs';
import { DhowError, messageOf } from '#errors/error.ts';
import { unmountDetachInBackground } from '#sys/mount.ts';
import { mountPointsUnder } from '#sys/mount-table.ts';
import { sealBytes } from '#sys/sealed-file.ts';
import type { VolumeKind } from '#volume/local/options.ts';
import { runProgram } from '#volume/local/program.ts';
import { withServerAddress } from '#volume/local/server-address.ts';

type Mount = Extract<VolumeKind, { kind: 'mount' }>;

/**
 * Mounts what the options of a volume name. The program mount(8) does it, as file systems of the network may keep the caller
 * waiting for minutes; helpers such as mount.nfs are left out, so that options mean what the kernel takes them for, as in Docker.
 * @throws InvalidParameter with the program's complaint
 */
export async function mountVolume(mount: Mount, mountpoint: string): Promise<void> {
  const refused = (why: string): DhowError =>
    new DhowError(
      'InvalidParameter',
      `error while mounting volume '${mountpoint}': failed to mount local volume: ${plainly(why)}`,
    );
  let options: string;
  try {
    options = await withServerAddress(mount);
  } catch (error) {
    throw refused(messageOf(error));
  }
  const fields = [mount.device, mountpoint, mount.type, options || 'defaults'].map(escapeField);
  // A table in memory and no arguments, which every user of the host sees: options may have a password.
  const table = sealBytes(Buffer.from(`${fields.join(' ')} 0 0\n`), 'dhow-mount');
  try {
    await runProgram('mount', ['-i', '-n', '-T', '/proc/self/fd/0', mountpoint], refused, table);
  } finally {
    fs.closeSync(table);
  }
}

/** As fstab(5) has it. */
function escapeField(text: string): string {
  return text.replace(/[ \t\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Takes away all that is mounted at a place. */
export async function unmountVolume(mountpoint: string): Promise<void> {
  for (const place of mountPointsUnder(mountpoint).reverse()) await unmountDetachInBackground(place);
}

export function isMounted(mountpoint: string): boolean {
  return mountPointsUnder(mountpoint).includes(mountpoint);
}

/** Docker's command line takes these words of a failed start for a program that is missing or may not run. */
function plainly(complaint: string): string {
  return complaint
    .replace(/no such file or directory/gi, 'it does not exist')
    .replace(/permission denied/gi, 'it is not permitted');
}
