import { posix } from 'node:path';
import { DhowError } from '#errors/error.ts';

/** One side of a copy: a path here, or in a container. */
export interface CopyOperand {
  /** undefined: on this machine */
  container: string | undefined;
  path: string;
}

/** `CONTAINER:PATH`, or a local path; what begins with `/` or `.` is local whatever colons it has. */
export function parseCopyOperand(text: string): CopyOperand {
  const colon = text.indexOf(':');
  if (text.startsWith('/') || text.startsWith('.') || colon <= 0) return { container: undefined, path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

/** An absolute path that still says by its end what the user said: `/` or `/.` asks for a directory, `/.` for its content. */
export function absolutePath(text: string, workingDirectory: string): string {
  const clean = posix.resolve(workingDirectory, text);
  if (/(^|\/)\.$/.test(text)) return clean === '/' ? '/.' : `${clean}/.`;
  return text.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** The last part as an archive's first entry has it. */
export function baseOf(path: string): string {
  if (path.endsWith('/.')) return '.';
  return posix.basename(path) || '/';
}

export interface CopyEnd {
  /** From `absolutePath`. */
  path: string;
  exists: boolean;
  isDirectory: boolean;
}

export interface CopyPlan {
  /** Directory that the archive is unpacked in. */
  directory: string;
  /** New first part of the entries' names; undefined leaves them. */
  renameTo: string | undefined;
}

/**
 * Where a source goes, by the rules of `docker cp` (which are those of `cp -a`): into a directory that exists, over a file, or to a
 * new name.
 * @throws InvalidParameter for a directory onto a file, and for a directory that must be there and is not
 */
export function planCopy(source: { isDirectory: boolean }, destination: CopyEnd): CopyPlan {
  const { path, exists, isDirectory } = destination;
  if (exists && isDirectory) return { directory: path, renameTo: undefined };
  const asksForDirectory = path.endsWith('/') || path.endsWith('/.');
  if (exists && source.isDirectory) throw new DhowError('InvalidParameter', 'cannot copy directory');
  if (exists && asksForDirectory) throw new DhowError('InvalidParameter', `${path} is not a directory`);
  if (!exists && !source.isDirectory && asksForDirectory) {
    throw new DhowError('InvalidParameter', 'no such directory');
  }
  const clean = posix.resolve(path);
  return { directory: posix.dirname(clean), renameTo: posix.basename(clean) };
}

/**
 * An entry's name with another first part.
 * @param base the first part in the archive, from `baseOf`
 */
export function renameEntry(name: string, base: string, renameTo: string | undefined): string {
  if (renameTo === undefined) return name;
  const inside = base === '/' ? name.replace(/^\/+/, '') : stripBase(name, base);
  return inside === '' ? renameTo : `${renameTo}/${inside}`;
}

function stripBase(name: string, base: string): string {
  const clean = name.replace(/^\.\//, '').replace(/\/+$/, '');
  if (base === '.') return clean === '.' ? '' : clean;
  if (clean === base) return '';
  return clean.startsWith(`${base}/`) ? clean.slice(base.length + 1) : clean;
}
