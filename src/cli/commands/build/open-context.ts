import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {
  type ContextFile,
  type ContextRoot,
  packContext,
  packFiles,
} from '#cli/commands/build/pack-context.ts';
import type { Input } from '#cli/context.ts';
import { createIgnoreRules, type IgnoreRules, parseIgnoreFile } from '#dockerignore/ignore-rules.ts';
import { DhowError } from '#errors/error.ts';

/** What is sent, and how the Dockerfile is called in it. */
export interface OpenedContext {
  /** undefined: the daemon fetches `remote`. */
  archive: AsyncIterable<Uint8Array> | undefined;
  remote?: string;
  dockerfile: string;
}

const ignoreName = '.dockerignore';
const maxDockerfileBytes = 4 * 1024 * 1024;

/**
 * Finds the context and the Dockerfile: a directory, `-` for an archive or a Dockerfile on standard input, or a URL. The Dockerfile
 * may lie outside of the context, or come by standard input (`-f -`).
 * @throws NotFound, InvalidParameter, Unsupported
 */
export async function openContext(
  operand: string,
  file: string | undefined,
  { workingDirectory, stdin }: { workingDirectory: string; stdin: Input },
  named: readonly ContextRoot[] = [],
): Promise<OpenedContext> {
  if (named.length > 0 && (operand === '-' || /^https?:\/\//.test(operand))) {
    throw new DhowError('Unsupported', 'directories as named contexts need a directory as the build context');
  }
  if (operand === '-') return fromStdin(file, stdin);
  const directory = path.resolve(workingDirectory, operand);
  if (!fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    // The daemon fetches archives and repositories.
    if (/^(?:https?|git|ssh):\/\/|^[\w.-]+@[\w.-]+:|^github\.com\//.test(operand)) {
      return { archive: undefined, remote: operand, dockerfile: file ?? 'Dockerfile' };
    }
    throw new DhowError('NotFound', `the build context "${operand}" is no directory`);
  }
  if (file === '-') {
    const dockerfile = `.dockerfile.${randomUUID()}`;
    const bytes = await readAll(stdin);
    return archiveOf(
      directory,
      dockerfile,
      findIgnore(directory, undefined),
      [{ name: dockerfile, bytes }],
      named,
    );
  }
  const place =
    file === undefined ? path.join(directory, 'Dockerfile') : findFile(directory, workingDirectory, file);
  if (!fs.existsSync(place))
    throw new DhowError('NotFound', `there is no Dockerfile at ${place}; name it with --file`);
  const ignore = findIgnore(directory, place);
  const inside = path.relative(fs.realpathSync(directory), fs.realpathSync(place));
  if (!inside.startsWith('..')) return archiveOf(directory, inside, ignore, [], named);
  const dockerfile = `.dockerfile.${randomUUID()}`;
  return archiveOf(
    directory,
    dockerfile,
    ignore,
    [{ name: dockerfile, bytes: fs.readFileSync(place) }],
    named,
  );
}

/** A relative name is one of the working directory, and if it is not there one of the context, as in Docker's classic builder. */
function findFile(directory: string, workingDirectory: string, file: string): string {
  const here = path.resolve(workingDirectory, file);
  return fs.existsSync(here) ? here : path.resolve(directory, file);
}

export interface Ignore {
  rules: IgnoreRules;
  /** In the context; undefined when it lies outside. */
  file: string | undefined;
}

/** The Dockerfile's own ignore file, beside it, comes before that of the context. */
export function findIgnore(directory: string, dockerfile: string | undefined): Ignore | undefined {
  const places = dockerfile === undefined ? [] : [`${dockerfile}${ignoreName}`];
  for (const place of [...places, path.join(directory, ignoreName)]) {
    if (!fs.existsSync(place)) continue;
    const inside = path.relative(directory, place);
    const rules = createIgnoreRules(parseIgnoreFile(place, fs.readFileSync(place)), place);
    return { rules, file: inside.startsWith('..') ? undefined : inside };
  }
  return undefined;
}

/** The ignore file goes in too: the daemon takes it out again, with the Dockerfile, when the rules say so. */
function archiveOf(
  directory: string,
  dockerfile: string,
  ignore: Ignore | undefined,
  extra: ContextFile[],
  named: readonly ContextRoot[],
): OpenedContext {
  const kept = new Set([dockerfile, ...(ignore?.file === undefined ? [] : [ignore.file])]);
  const own = { directory, prefix: '', rules: ignore?.rules, kept };
  return { archive: packContext([own, ...named], extra), dockerfile };
}

/** An archive is sent as it is; anything else is a Dockerfile. */
async function fromStdin(file: string | undefined, stdin: Input): Promise<OpenedContext> {
  const chunks = stdin[Symbol.asyncIterator]();
  const start: Buffer[] = [];
  let length = 0;
  while (length < 512) {
    const chunk = await chunks.next();
    if (chunk.done) break;
    start.push(Buffer.from(chunk.value));
    length += chunk.value.length;
  }
  const head = Buffer.concat(start);
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield head;
    for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) yield chunk.value;
  };
  if (looksLikeArchive(head)) return { archive: rest(), dockerfile: file ?? 'Dockerfile' };
  if (file !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      'standard input is no archive: --file can only be used with a context',
    );
  }
  const bytes = await readAll(rest());
  return { archive: packFiles([{ name: 'Dockerfile', bytes }]), dockerfile: 'Dockerfile' };
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > maxDockerfileBytes) {
      throw new DhowError('InvalidParameter', `standard input is neither an archive nor a Dockerfile`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The magic of gzip, zstd, xz and bzip2, or of a tar. */
function looksLikeArchive(start: Buffer): boolean {
  const hex = start.toString('hex', 0, 6);
  return /^(?:1f8b|28b52ffd|fd377a585a00|425a68)/.test(hex) || start.toString('latin1', 257, 262) === 'ustar';
}
