import { once } from 'node:events';
import { lstat, realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { defineCommand } from '#cli/command.ts';
import { packLocal } from '#cli/commands/container/copy/pack-local.ts';
import {
  absolutePath,
  baseOf,
  type CopyEnd,
  parseCopyOperand,
  planCopy,
  renameEntry,
} from '#cli/commands/container/copy/paths.ts';
import { unpackLocal } from '#cli/commands/container/copy/unpack-local.ts';
import type { CliContext } from '#cli/context.ts';
import { flag } from '#cli/options.ts';
import { humanSize } from '#cli/output/size.ts';
import { readArchive, statPath, writeArchive } from '#client/archive.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import { isGoDirectory, isGoSymlink } from '#wire/file-mode.ts';

interface Wishes {
  keepOwner: boolean;
  followLink: boolean;
  quiet: boolean;
}

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-', '[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH'],
  operands: { min: 2, max: 2 },
  options: {
    archive: flag({ short: 'a', help: 'Archive mode (copy all uid/gid information)' }),
    'follow-link': flag({ short: 'L', help: 'Always follow symbol link in SRC_PATH' }),
    quiet: flag({
      short: 'q',
      help: 'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
    }),
  },
  async run(context, { options, given, operands: [from = '', to = ''] }) {
    const wishes = {
      keepOwner: options.archive,
      followLink: options['follow-link'],
      quiet: given.has('quiet') ? options.quiet : context.stdout.isTTY !== true,
    };
    const source = parseCopyOperand(from);
    const target = parseCopyOperand(to);
    if (source.path === '') throw new DhowError('InvalidParameter', 'source can not be empty');
    if (target.path === '') throw new DhowError('InvalidParameter', 'destination can not be empty');
    if (source.container !== undefined && target.container !== undefined) {
      throw new DhowError('InvalidParameter', 'copying between containers is not supported');
    }
    if (source.container !== undefined)
      await copyOut(context, source.container, source.path, target.path, wishes);
    else if (target.container !== undefined)
      await copyIn(context, source.path, target.container, target.path, wishes);
    else throw new DhowError('InvalidParameter', 'must specify at least one container source');
    return 0;
  },
});

async function copyOut(
  context: CliContext,
  container: string,
  from: string,
  to: string,
  wishes: Wishes,
): Promise<void> {
  const { client, signal, stdout, workingDirectory } = context;
  let path = absolutePath(from, '/');
  if (wishes.followLink) {
    // What is not there is told by the next call, whose answer has room for words.
    const status = await statPath(client, container, path, signal).catch(() => undefined);
    if (status !== undefined && isGoSymlink(status.mode)) path = status.linkTarget;
  }
  const { stat: source, archive } = await readArchive(client, container, path, signal);
  if (to === '-') {
    for await (const piece of archive) if (!stdout.write(piece)) await once(stdout, 'drain', { signal });
    return;
  }
  const destination = await localEnd(absolutePath(to, workingDirectory));
  const plan = planCopy({ isDirectory: isGoDirectory(source.mode) }, destination);
  // A link that was followed keeps the name that the user gave.
  const base = baseOf(path);
  const renameTo =
    plan.renameTo ?? (baseOf(absolutePath(from, '/')) === base ? undefined : baseOf(absolutePath(from, '/')));
  const counter = countBytes(archive);
  await unpackLocal(counter.pieces, plan.directory, (name) => renameEntry(name, base, renameTo));
  tell(context, wishes, counter.total(), to);
}

async function copyIn(
  context: CliContext,
  from: string,
  container: string,
  to: string,
  wishes: Wishes,
): Promise<void> {
  const { client, signal, workingDirectory } = context;
  const destination = await remoteEnd(context, container, absolutePath(to, '/'));
  const options = { copyUIDGID: wishes.keepOwner };
  if (from === '-') {
    if (!destination.isDirectory) {
      throw new DhowError('InvalidParameter', `destination "${container}:${to}" must be a directory`);
    }
    await writeArchive(client, container, destination.path, context.stdin, options, signal);
    return;
  }
  const given = absolutePath(from, workingDirectory);
  const path = wishes.followLink ? await realpath(given) : given;
  const source = await localEnd(path, !wishes.followLink);
  if (!source.exists) throw new DhowError('NotFound', `lstat ${given}: no such file or directory`);
  const plan = planCopy(source, destination);
  const base = baseOf(given);
  const name = plan.renameTo ?? base;
  const counter = countBytes(packLocal(path, name));
  await writeArchive(client, container, plan.directory, counter.pieces, options, signal);
  tell(context, wishes, counter.total(), `${container}:${to}`);
}

/** @param isSource a link is what is copied, and not what it leads to, unless the path ends with a slash */
async function localEnd(path: string, isSource = false): Promise<CopyEnd> {
  const asksForDirectory = path.endsWith('/') || path.endsWith('/.');
  try {
    const stats = await (isSource && !asksForDirectory ? lstat(path) : stat(path));
    return { path, exists: true, isDirectory: stats.isDirectory() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { path, exists: false, isDirectory: false };
    }
    throw error;
  }
}

/** Follows one link, as its target comes resolved. */
async function remoteEnd({ client, signal }: CliContext, container: string, path: string): Promise<CopyEnd> {
  try {
    const status = await statPath(client, container, path, signal);
    if (!isGoSymlink(status.mode)) return { path, exists: true, isDirectory: isGoDirectory(status.mode) };
    const target = posix.resolve(posix.dirname(path), status.linkTarget);
    const { mode } = await statPath(client, container, target, signal);
    return { path: target, exists: true, isDirectory: isGoDirectory(mode) };
  } catch (error) {
    if (kindOf(error) !== 'NotFound' || /No such container/.test(String(error))) throw error;
    return { path, exists: false, isDirectory: false };
  }
}

function countBytes(source: AsyncIterable<Uint8Array>): {
  pieces: AsyncIterable<Uint8Array>;
  total(): number;
} {
  let total = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      total += piece.length;
      yield piece;
    }
  }
  return { pieces: pieces(), total: () => total };
}

function tell({ stderr }: CliContext, { quiet }: Wishes, bytes: number, where: string): void {
  if (!quiet) stderr.write(`Successfully copied ${humanSize(bytes, 3)} to ${where}\n`);
}
