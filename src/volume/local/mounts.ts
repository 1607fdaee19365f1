import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DhowError, messageOf } from '#errors/error.ts';
import { unmountDetachInBackground } from '#sys/mount.ts';
import { mountPointsUnder } from '#sys/mount-table.ts';
import type { VolumeKind } from '#volume/local/options.ts';
import { runProgram } from '#volume/local/program.ts';

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
    options = await withAddress(mount);
  } catch (error) {
    throw refused(messageOf(error));
  }
  const args = ['-i', '-n', '-t', mount.type, ...(options === '' ? [] : ['-o', options])];
  await runProgram('mount', [...args, '--', mount.device, mountpoint], refused);
}

/** Takes away all that is mounted at a place. */
export async function unmountVolume(mountpoint: string): Promise<void> {
  for (const place of mountPointsUnder(mountpoint).reverse()) await unmountDetachInBackground(place);
}

export function isMounted(mountpoint: string): boolean {
  return mountPointsUnder(mountpoint).includes(mountpoint);
}

/** The kernel takes the server's address, not its name. */
async function withAddress({ type, device, options }: Mount): Promise<string> {
  if (!/^(nfs4?|cifs)$/.test(type)) return options;
  const words = options === '' ? [] : options.split(',');
  const given = words.find((word) => word.startsWith('addr='))?.slice('addr='.length);
  const server = given ?? (type === 'cifs' ? /^\/\/([^/]+)/.exec(device)?.[1] : undefined);
  if (server === undefined || isIP(server) !== 0) return options;
  const { address } = await lookup(server);
  return [...words.filter((word) => !word.startsWith('addr=')), `addr=${address}`].join(',');
}

/** Docker's command line takes these words of a failed start for a program that is missing or may not run. */
function plainly(complaint: string): string {
  return complaint
    .replace(/no such file or directory/gi, 'it does not exist')
    .replace(/permission denied/gi, 'it is not permitted');
}
