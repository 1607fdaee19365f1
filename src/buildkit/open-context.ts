import { posix } from 'node:path';
import { readTar } from '#archive/read-tar.ts';
import { tarHeader, tarTrailer } from '#archive/write-tar.ts';
import type { FrontendOptions } from '#buildkit/frontend-options.ts';
import type { Progress } from '#buildkit/progress.ts';
import { receiveUpload } from '#buildkit/session/offers.ts';
import { receiveFiles, type WantedFiles } from '#buildkit/session/receive-files.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import { parseIgnoreFile } from '#dockerignore/ignore-rules.ts';
import type { BuildSettings } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';

type Opened = Required<Pick<BuildSettings, 'dockerfile' | 'context'>>;

type FindSession = (directory?: string) => Promise<Session>;

const ignoreName = '.dockerignore';
const maxSmallFileBytes = 4 * 1024 * 1024;
const maxLinks = 10;

/**
 * The Dockerfile, and the build context as an archive that is received while the builder reads it.
 * @param find a session by the client's name for one of its directories; the build's own without a name
 * @throws NotFound when there is no Dockerfile; InvalidParameter; what the client says
 */
export async function openContext(
  options: FrontendOptions,
  find: FindSession,
  progress: Progress,
  signal: AbortSignal,
): Promise<Opened> {
  const { context, dockerfile: name, dockerfileDirectory } = options;
  const files = new Map<string, Buffer>();
  if (dockerfileDirectory !== undefined) {
    const wanted = { directory: dockerfileDirectory, follow: [name, `${name}${ignoreName}`] };
    const received = await progress.during(`[internal] load build definition from ${name}`, () =>
      receiveSmallFiles(find, wanted, signal),
    );
    for (const [path, bytes] of received) files.set(path, bytes);
  }
  const bytes = files.get(name);
  if (dockerfileDirectory !== undefined && bytes === undefined) {
    throw new DhowError('NotFound', `failed to read dockerfile: open ${name}: no such file or directory`);
  }
  const dockerfile = bytes === undefined ? { path: name } : { name, bytes };
  switch (context.kind) {
    case 'remote':
      return { dockerfile, context: context.remote };
    case 'upload':
      return { dockerfile, context: { archive: receiveUpload(await find(), context.path, signal) } };
    case 'local': {
      const own = files.get(`${name}${ignoreName}`);
      const roots = [
        { directory: context.directory, prefix: '', own },
        ...[...options.localContexts].map(([named, directory]) => ({
          directory,
          prefix: `.dhow-contexts/${encodeURIComponent(named)}/`,
          own: undefined,
        })),
      ];
      const wanted = await Promise.all(
        roots.map(async ({ directory, prefix, own }) => ({
          prefix,
          files: { directory, exclude: await ignorePatterns(find, directory, own, signal) },
        })),
      );
      return { dockerfile, context: { archive: receiveContext(find, wanted, progress, signal) } };
    }
  }
}

/** What is left out of a context: by the ignore file of the Dockerfile if there is one, else by the context's own. */
async function ignorePatterns(
  find: FindSession,
  directory: string,
  own: Buffer | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const bytes =
    own ?? (await receiveSmallFiles(find, { directory, follow: [ignoreName] }, signal)).get(ignoreName);
  return bytes === undefined ? [] : parseIgnoreFile(ignoreName, bytes);
}

async function* receiveContext(
  find: FindSession,
  wanted: readonly { prefix: string; files: WantedFiles }[],
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const done = Promise.withResolvers<void>();
  // The reader of the archive hears of a failure.
  progress.during('[internal] load build context', () => done.promise).catch(() => {});
  try {
    for (const { prefix, files } of wanted) {
      if (prefix !== '') yield tarHeader({ type: 'directory', name: prefix, mode: 0o755 });
      yield* receiveFiles(await find(files.directory), files, prefix, signal);
    }
    yield tarTrailer();
    done.resolve();
  } catch (error) {
    done.reject(error);
    throw error;
  } finally {
    // A builder that needs no more of it.
    done.resolve();
  }
}

/** Files by their paths, with links among them followed. */
async function receiveSmallFiles(
  find: FindSession,
  wanted: WantedFiles,
  signal: AbortSignal,
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const links = new Map<string, string>();
  async function* archive(): AsyncGenerator<Buffer> {
    yield* receiveFiles(await find(wanted.directory), wanted, '', signal);
    yield tarTrailer();
  }
  let received = 0;
  for await (const { header, body } of readTar(archive())) {
    if (header.type === 'symlink') links.set(header.name, header.linkName);
    if (header.type !== 'file') continue;
    received += header.sizeBytes;
    if (received > maxSmallFileBytes) {
      throw new DhowError('InvalidParameter', `"${header.name}" is larger than ${maxSmallFileBytes} bytes`);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    files.set(header.name, Buffer.concat(chunks));
  }
  for (const name of links.keys()) {
    const found = followLinks(name, links);
    const bytes = found === undefined ? undefined : files.get(found);
    if (bytes !== undefined) files.set(name, bytes);
  }
  return files;
}

function followLinks(name: string, links: ReadonlyMap<string, string>): string | undefined {
  let current = name;
  for (let count = 0; count < maxLinks; count++) {
    const target = links.get(current);
    if (target === undefined) return current;
    // Within the directory, whatever the link says: only what the client sent can be found.
    current = posix.resolve('/', posix.dirname(`/${current}`), target).slice(1);
  }
  return undefined;
}
