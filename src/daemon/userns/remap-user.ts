import { DhowError } from '#errors/error.ts';
import type { IdMapping, IdRange } from '#sys/id-mapping.ts';

/** Whose subordinate ids containers get when the setting is `default`; Docker's name. */
export const defaultRemapUser = 'dockremap';

/** The texts of /etc/passwd, /etc/group, /etc/subuid and /etc/subgid. */
export interface IdDatabases {
  passwd: string;
  group: string;
  subuid: string;
  subgid: string;
}

/** A user by both of the names that subuid(5) may know him by; one that only a number is known of has no name. */
export interface RemapUser {
  name?: string;
  uid: number;
}

/** Linux takes no more lines in a uid_map (user_namespaces(7)). */
const maxRanges = 340;
const largestId = 2 ** 32 - 2;

/**
 * Finds whom `userns-remap` names: `user`, `user:group`, `uid` or `uid:gid`. The group is only looked at, as by Docker: both kinds of ids
 * are those that were given to the user.
 * @throws InvalidParameter
 */
export function findRemapUser(setting: string, { passwd, group }: IdDatabases): RemapUser {
  const [userPart = '', groupPart, ...rest] = setting.split(':');
  if (userPart === '' || groupPart === '' || rest.length > 0) {
    throw refused(setting, 'it must be default, user, user:group, uid or uid:gid');
  }
  if (groupPart !== undefined && !isNumber(groupPart) && findRow(group, groupPart) === undefined) {
    throw refused(setting, `there is no group ${groupPart} in /etc/group: groupadd --system ${groupPart}`);
  }
  const row = findRow(passwd, userPart);
  if (row === undefined && !isNumber(userPart)) {
    throw refused(
      setting,
      `there is no user ${userPart} in /etc/passwd: useradd --system --shell /bin/false ${userPart}`,
    );
  }
  const uid = Number(row?.[2] ?? userPart);
  if (uid === 0) throw refused(setting, 'root cannot be mapped to itself; leave the setting out');
  return { uid, ...(row?.[0] === undefined ? {} : { name: row[0] }) };
}

/**
 * All ranges that a user has in /etc/subuid and /etc/subgid, one after the other from id 0 inside.
 * @throws InvalidParameter naming the file and what to write into it
 */
export function readRemapping(user: RemapUser, databases: Pick<IdDatabases, 'subuid' | 'subgid'>): IdMapping {
  return {
    uids: mapRanges('/etc/subuid', '--add-subuids', databases.subuid, user),
    gids: mapRanges('/etc/subgid', '--add-subgids', databases.subgid, user),
  };
}

/** @returns the first id of 65536 that nobody in a file of subordinate ids has */
export function firstFreeRange(...texts: readonly string[]): number {
  const ends = texts.flatMap(parseFile).map(({ start, count }) => start + count);
  return Math.max(100_000, ...ends);
}

export function hasRanges(user: RemapUser, text: string): boolean {
  return rangesOf(user, text).length > 0;
}

interface SubordinateRange {
  owner: string;
  start: number;
  count: number;
}

function mapRanges(file: string, option: string, text: string, user: RemapUser): IdRange[] {
  const ranges = rangesOf(user, text);
  const who = user.name ?? String(user.uid);
  const remedy = `usermod ${option} 100000-165535 ${who}, or another range that nobody has`;
  const refuse = (what: string): DhowError =>
    new DhowError('InvalidParameter', `userns-remap: ${file} ${what}; ${remedy}`);
  if (ranges.length === 0) throw refuse(`has no range for ${who}`);
  if (ranges.length > maxRanges) {
    throw refuse(`has ${ranges.length} ranges for ${who}, and the kernel takes ${maxRanges}`);
  }
  let inside = 0;
  const mapped: IdRange[] = [];
  for (const { start, count } of ranges) {
    const text = `${start}:${count}`;
    // Containers would have root's files, or those of somebody twice.
    if (start === 0) throw refuse(`gives ${who} the ids ${text}, root's among them`);
    if (start + count - 1 > largestId) throw refuse(`gives ${who} the ids ${text}, which do not exist`);
    const other = mapped.find(({ outside, count: n }) => start < outside + n && outside < start + count);
    if (other)
      throw refuse(`gives ${who} the ids ${text} and ${other.outside}:${other.count}, which overlap`);
    mapped.push({ inside, outside: start, count });
    inside += count;
  }
  return mapped;
}

function rangesOf({ name, uid }: RemapUser, text: string): SubordinateRange[] {
  return parseFile(text).filter(({ owner }) => owner === name || owner === String(uid));
}

/** Lines `owner:start:count` (subuid(5)); what is none is left out, as by the programs that read them. */
function parseFile(text: string): SubordinateRange[] {
  return text.split('\n').flatMap((line) => {
    const [, owner, start, count] = /^\s*([^:#\s]+):(\d+):([1-9]\d*)\s*$/.exec(line) ?? [];
    return owner === undefined ? [] : [{ owner, start: Number(start), count: Number(count) }];
  });
}

/** A row of passwd(5) or group(5), by name or number. */
function findRow(text: string, wanted: string): string[] | undefined {
  const rows = text.split('\n').map((line) => line.split(':'));
  return rows.find(
    ([name, , id]) => id !== undefined && (isNumber(wanted) ? id === wanted : name === wanted),
  );
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function refused(setting: string, reason: string): DhowError {
  return new DhowError('InvalidParameter', `invalid userns-remap "${setting.slice(0, 100)}": ${reason}`);
}
