import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { openGitTree } from '#build/context/git-tree.ts';
import { type SourceTree, toBytePath } from '#build/copy/source-tree.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import type { BuildSession } from '#build/execute/session.ts';
import { type GitUrl, parseGitUrl } from '#build/git-url.ts';
import type { CopyStep, StepSource } from '#build/steps.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';

/** A file or a repository that ADD names by URL, fetched. */
export interface SpooledRemote {
  /** The last part of the URL's path; '' when it has none. */
  name: string;
  isDirectory: boolean;
  /** What of the tree is meant. */
  path: string;
  tree: SourceTree;
}

/** What a fetched file may have; Docker has no bound, but the disk does. */
const maxBytes = 64 * 2 ** 30;

/**
 * Fetches a file for ADD. It is kept for the rest of the build.
 * @throws InvalidParameter (checksum), what the fetch throws; with the place
 */
export async function openRemoteFile(
  step: CopyStep,
  source: StepSource & { kind: 'remote' },
  session: BuildSession,
): Promise<SpooledRemote> {
  const refuse = (message: string, kind = 'InvalidParameter' as const): Error =>
    dockerfileError(step.source, source.range, message, kind);
  const git = parseGitUrl(source.url);
  if (git !== undefined) return checkOut(step, source, git, session);
  if (!URL.canParse(source.url)) throw refuse(`"${source.url.slice(0, 200)}" is no URL`);
  const expected = /^sha256:([0-9a-f]{64})$/.exec(step.checksum ?? '')?.[1];
  if (step.checksum !== undefined && expected === undefined) {
    throw refuse(`--checksum takes sha256: and 64 hexadecimal digits, not "${step.checksum.slice(0, 100)}"`);
  }
  const file = path.join(session.parts.workDirectory, `remote-${randomUUID()}`);
  try {
    const { sha256, sizeBytes, modifiedAt } = await spool(session, source.url, file);
    if (expected !== undefined && sha256 !== expected) {
      throw refuse(`the file has the checksum sha256:${sha256}, and not the one that --checksum says`);
    }
    const name = fileNameOf(new URL(source.url));
    if (name === '' && step.destinationIsDirectory) {
      throw refuse('the URL has no file name: write the destination as a file, without a slash at the end');
    }
    return {
      name,
      isDirectory: false,
      path: toBytePath(name),
      tree: fileTree(file, toBytePath(name), { sha256, sizeBytes, modifiedAt }),
    };
  } catch (error) {
    session.signal.throwIfAborted();
    if (kindOf(error) === 'InvalidParameter') throw error;
    throw dockerfileError(step.source, source.range, messageOf(error), kindOf(error));
  }
}

/** @returns '' when the URL's path gives no name that a file can have */
function fileNameOf({ pathname }: URL): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    // A bare percent sign.
    decoded = pathname;
  }
  // An escaped slash is one as well, once it is decoded.
  const name = path.posix.basename(decoded);
  return name === '.' || name === '..' || name.includes('\0') ? '' : name;
}

/** A repository is copied as a directory. */
async function checkOut(
  step: CopyStep,
  source: StepSource & { kind: 'remote' },
  git: GitUrl,
  { parts, deferred, signal }: BuildSession,
): Promise<SpooledRemote> {
  const { checksum: commit = git.commit } = step;
  if (commit !== undefined && !/^[0-9a-f]{7,64}$/.test(commit)) {
    const message = `--checksum of a repository takes the id of a commit, not "${commit.slice(0, 100)}"`;
    throw dockerfileError(step.source, source.range, message);
  }
  const wanted: GitUrl = {
    ...git,
    ...(commit === undefined ? {} : { commit }),
    keepGitDirectory: step.keepGitDirectory || git.keepGitDirectory === true,
  };
  try {
    const { tree, node } = await openGitTree(parts, wanted, deferred, signal);
    return { name: '', ...node, tree };
  } catch (error) {
    signal.throwIfAborted();
    throw dockerfileError(step.source, source.range, messageOf(error), kindOf(error));
  }
}

interface Spooled {
  sha256: string;
  sizeBytes: number;
  modifiedAt: Date;
}

async function spool(session: BuildSession, url: string, file: string): Promise<Spooled> {
  const remote = await session.parts.remote.fetch(url, session.signal);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await fs.promises.open(file, 'wx', 0o600);
  session.deferred(quietly('remove a fetched file', () => fs.promises.rm(file, { force: true })));
  try {
    for await (const chunk of remote.body) {
      session.signal.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw new RangeError(`the file has more than ${maxBytes} bytes`);
      await handle.write(chunk);
    }
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), sizeBytes, modifiedAt: remote.modifiedAt ?? new Date(0) };
}

function fileTree(file: string, name: string, { sha256, sizeBytes, modifiedAt }: Spooled): SourceTree {
  return {
    find: async (wanted) => (wanted === name ? { path: name, isDirectory: false } : undefined),
    list: async () => [name],
    async *entries() {
      yield {
        name: '',
        header: {
          type: 'file',
          linkNameBytes: Buffer.alloc(0),
          sizeBytes,
          // What a stranger's server sends is for nobody else.
          mode: 0o600,
          uid: 0,
          gid: 0,
          modifiedAt: { seconds: Math.floor(modifiedAt.getTime() / 1000), nanoseconds: 0 },
          deviceMajor: 0,
          deviceMinor: 0,
          xattrs: new Map(),
        },
        body: () => fs.createReadStream(file),
        contentSha256: sha256,
      };
    },
  };
}
