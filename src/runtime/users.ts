import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';
import { openInRoot, openRoot } from '#sys/open-in-root.ts';

/** Who a process runs as. */
export interface ResolvedUser {
  uid: number;
  gid: number;
  /** With `gid` itself, once each: a process that lacks its own group among them could drop it and so pass a file's group permissions. */
  additionalGids: number[];
  /** From the user database, else `/`. */
  home: string;
}

/** A container with a larger user database is refused: nobody has it, and every start would read it. */
const databaseLimit = 8 * 1024 * 1024;
const largestId = 2 ** 31 - 1;

/**
 * Finds a user as Docker does in the container's own databases.
 *
 * @param rootDirectory the container's root on the host; nothing outside is looked at
 * @param user `user`, `uid`, `user:group`, `uid:gid` or empty for root
 * @param additionalGroups names or numbers (`--group-add`)
 * @throws InvalidParameter in Docker's words when a name is unknown
 */
export function resolveUser(rootDirectory: string, user: string, additionalGroups: string[]): ResolvedUser {
  const root = openRoot(rootDirectory);
  try {
    return findUser(
      readDatabase(root, '/etc/passwd'),
      readDatabase(root, '/etc/group'),
      user,
      additionalGroups,
    );
  } finally {
    fs.closeSync(root);
  }
}

/** The pure part: both databases as text, passwd(5) and group(5). */
export function findUser(
  passwd: string,
  group: string,
  user: string,
  additionalGroups: string[],
): ResolvedUser {
  const [userPart = '', ...groupWords] = user.split(':');
  const groupPart = groupWords.join(':');
  const wantedUid = idOf(userPart || '0');
  // What is a number is never taken for a name.
  const userEntry = parseDatabase(passwd).find(([name, , uid]) =>
    wantedUid === undefined ? name === userPart : Number(uid) === wantedUid,
  );
  const uid = userEntry ? idOf(userEntry[2] as string) : wantedUid;
  if (uid === undefined) {
    throw new DhowError(
      'InvalidParameter',
      `unable to find user ${userPart}: no matching entries in passwd file`,
    );
  }
  const groups = parseDatabase(group);
  const gid = groupPart === '' ? (idOf(userEntry?.[3] ?? '0') ?? 0) : findPrimaryGroup(groups, groupPart);
  const memberships =
    groupPart === '' && userEntry
      ? groups.filter(([, , , members = '']) => members.split(',').includes(userEntry[0] as string))
      : [];
  const additional = [
    gid,
    ...memberships.flatMap(([, , id = '']) => idOf(id) ?? []),
    ...additionalGroups.map((name) => findAdditionalGroup(groups, name)),
  ];
  return { uid, gid, additionalGids: [...new Set(additional)], home: userEntry?.[5] || '/' };
}

/** What is a number is never taken for a name. */
function findPrimaryGroup(groups: string[][], wanted: string): number {
  return idOf(wanted) ?? gidOf(groups.find(([name]) => name === wanted)) ?? refuseGroup(wanted);
}

/** A name may look like a number here. */
function findAdditionalGroup(groups: string[][], wanted: string): number {
  const entry = groups.find(([name, , id]) => name === wanted || id === wanted);
  return gidOf(entry) ?? idOf(wanted) ?? refuseGroup(wanted);
}

function gidOf(entry: string[] | undefined): number | undefined {
  return entry && idOf(entry[2] as string);
}

function refuseGroup(name: string): never {
  throw new DhowError('InvalidParameter', `unable to find group ${name}: no matching entries in group file`);
}

/** undefined for what is not a number. @throws InvalidParameter beyond the kernel's range */
function idOf(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > largestId) {
    throw new DhowError(
      'InvalidParameter',
      `uids and gids must be in range 0-${largestId}, and ${text} is not`,
    );
  }
  return id;
}

/** Rows of colon-separated fields; broken rows are left out. */
function parseDatabase(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim().split(':'))
    .filter(([name, , id]) => name !== '' && id !== undefined && /^\d+$/.test(id));
}

/** An image need not have the databases; anything but a regular file (a pipe would block us) counts as none. */
function readDatabase(root: number, file: string): string {
  let fd: number;
  try {
    fd = openInRoot(root, file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EACCES')) return '';
    throw error;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return '';
    if (stat.size > databaseLimit) {
      throw new DhowError(
        'InvalidParameter',
        `${file} of the container has ${stat.size} bytes, more than ${databaseLimit}`,
      );
    }
    const bytes = Buffer.alloc(stat.size);
    return bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    fs.closeSync(fd);
  }
}
