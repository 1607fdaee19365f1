import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  defaultRemapUser,
  findRemapUser,
  firstFreeRange,
  hasRanges,
  type IdDatabases,
  type RemapUser,
  readRemapping,
} from '#daemon/userns/remap-user.ts';
import type { OverlayRoots } from '#engine/root-mounter.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import { withFileIds } from '#sys/file-ids.ts';
import { type IdMapping, rootOutside } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';

const rangeSize = 65_536;

/**
 * The ids of containers that `userns-remap` asks for. With `default` the user and his ranges are made if they are not there, as by Docker.
 * @throws InvalidParameter; Unavailable when the user cannot be made
 */
export async function readRemapSetting(setting: string): Promise<IdMapping> {
  if (setting === 'default') return readRemapping(await ensureDefaultUser(), readDatabases());
  const databases = readDatabases();
  return readRemapping(findRemapUser(setting, databases), databases);
}

async function ensureDefaultUser(): Promise<RemapUser> {
  const known = readDatabases();
  if (!new RegExp(`^${defaultRemapUser}:`, 'm').test(known.passwd)) {
    await run('useradd', ['--system', '--user-group', '--shell', '/bin/false', defaultRemapUser]);
  }
  const user = findRemapUser(defaultRemapUser, readDatabases());
  const { subuid, subgid } = readDatabases();
  const first = firstFreeRange(subuid, subgid);
  const range = `${first}-${first + rangeSize - 1}`;
  const options = [
    ...(hasRanges(user, subuid) ? [] : ['--add-subuids', range]),
    ...(hasRanges(user, subgid) ? [] : ['--add-subgids', range]),
  ];
  if (options.length > 0) await run('usermod', [...options, defaultRemapUser]);
  return user;
}

async function run(program: string, args: string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } });
  } catch (cause) {
    throw new DhowError(
      'Unavailable',
      `userns-remap: cannot make the user ${defaultRemapUser} (${messageOf(cause).trim()}): name another one that has ranges in /etc/subuid and /etc/subgid`,
      { cause },
    );
  }
}

function readDatabases(): IdDatabases {
  const read = (name: string): string => {
    try {
      return fs.readFileSync(`/etc/${name}`, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return '';
      throw error;
    }
  };
  return { passwd: read('passwd'), group: read('group'), subuid: read('subuid'), subgid: read('subgid') };
}

/**
 * Makes sure before the first container that the kernel and the file system of the data root can show its files with other ids, and that
 * these ids reach it: mounts a root, and writes into it.
 * @param directory of the data root, for what is tried
 * @throws Unavailable naming what is missing
 */
export function requireRemapping(roots: OverlayRoots, mapping: IdMapping, directory: string): void {
  const owner = rootOutside(mapping);
  requirePassage(directory, owner);
  const trial = fs.mkdtempSync(path.join(directory, 'userns-'));
  const [lower, upper, work, root] = ['lower', 'upper', 'work', 'root'].map((name) =>
    path.join(trial, name),
  ) as [string, string, string, string];
  try {
    for (const made of [lower, upper, work, root]) fs.mkdirSync(made);
    const layers = { lowerDirectories: [lower], upperDirectory: upper, workDirectory: work };
    roots.mount(roots.mapRoot({ type: 'overlay', ...layers }, mapping), root, mapping);
    withFileIds(owner, () => fs.writeFileSync(path.join(root, 'file'), ''));
    const { uid } = fs.statSync(path.join(upper, 'file'));
    if (uid !== 0) throw new Error(`a file of the container's root belongs to ${uid} on disk`);
  } catch (cause) {
    throw new DhowError(
      'Unavailable',
      `userns-remap: the file system of ${directory} cannot be shown with other ids (${messageOf(cause)}): this needs Linux 5.19 with user namespaces, and ext4, xfs or btrfs; move the data root, or leave the setting out`,
      { cause },
    );
  } finally {
    roots.unmount(root);
    fs.rmSync(trial, { recursive: true, force: true });
  }
}

/** Containers' roots are reached by their own root. */
function requirePassage(directory: string, { uid, gid }: { uid: number; gid: number }): void {
  for (let at = fs.realpathSync(directory); ; at = path.dirname(at)) {
    const stat = fs.statSync(at);
    const bit = stat.uid === uid ? 0o100 : stat.gid === gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0) {
      throw new DhowError(
        'Unavailable',
        `userns-remap: ${at} is closed to the users of containers, who must pass through it to ${directory}: chmod o+x ${at}`,
      );
    }
    if (at === '/') return;
  }
}
