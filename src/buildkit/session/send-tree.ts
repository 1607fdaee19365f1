import fs from 'node:fs';
import path from 'node:path';
import { packetTypes, type Stat, sessionMethods, stat as statType } from '#buildkit/messages/session.ts';
import { goModeOf } from '#buildkit/session/file-mode.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import { DhowError } from '#errors/error.ts';

const chunkBytes = 1024 * 1024;

export interface SentTree {
  /** Of the directory that the client puts it in; '': none of its own. */
  name: string;
  /** Nothing in it may change meanwhile. */
  root: string;
}

/**
 * Sends a tree of files to a directory of the client's, by the same protocol in which it sends its own: all files are described, and
 * the content of those that the client asks for follows.
 * @param exporter its position in the build's request
 * @throws Unsupported; InvalidParameter for a client that breaks the protocol; what the client says
 */
export async function sendTree(
  session: Session,
  exporter: number,
  trees: readonly SentTree[],
  signal: AbortSignal,
): Promise<void> {
  if (!session.offers(sessionMethods.takeFiles))
    throw new DhowError('Unsupported', 'the client takes no files');
  const headers = { 'buildkit-attachable-exporter-id': String(exporter) };
  const call = session.client.open(sessionMethods.takeFiles, { headers, signal });
  const files = new Map<number, string>();

  async function describe(): Promise<void> {
    let id = 0;
    for (const tree of trees) {
      for (const { stat, place, hasContent } of walk(tree)) {
        signal.throwIfAborted();
        if (hasContent) files.set(id, place);
        id++;
        await call.send({ type: packetTypes.stat, stat });
      }
    }
    await call.send({ type: packetTypes.stat });
  }

  async function answer(): Promise<void> {
    for await (const { type, id, data } of call.messages) {
      if (type === packetTypes.error) {
        throw new DhowError('InvalidParameter', `the client cannot take the files: ${Buffer.from(data)}`);
      }
      if (type === packetTypes.finish) {
        await call.send({ type: packetTypes.finish });
        call.end();
        continue;
      }
      const file = files.get(id);
      if (type !== packetTypes.request || file === undefined) {
        throw new DhowError('InvalidParameter', 'the client does not keep to the protocol of files');
      }
      for await (const piece of fs.createReadStream(file, { highWaterMark: chunkBytes, signal })) {
        await call.send({ type: packetTypes.data, id, data: piece });
      }
      await call.send({ type: packetTypes.data, id });
    }
  }

  await Promise.all([describe(), answer()]);
}

interface Described {
  stat: Stat;
  /** On this host. */
  place: string;
  hasContent: boolean;
  isDirectory: boolean;
}

/** All files in the order that the protocol wants: that of their names, each directory before what is in it. */
function* walk({ name, root }: SentTree): Generator<Described> {
  const linkNames = new Map<string, string>();

  function* below(directory: string, shown: string): Generator<Described> {
    for (const entry of fs.readdirSync(directory).sort(compareBytes)) {
      const place = path.join(directory, entry);
      const described = describeFile(place, path.posix.join(shown, entry), linkNames);
      if (described === undefined) continue;
      yield described;
      if (described.isDirectory) yield* below(place, described.stat.path);
    }
  }

  const top = name === '' ? undefined : describeFile(root, name, linkNames);
  if (top !== undefined) yield top;
  yield* below(root, name);
}

function compareBytes(first: string, second: string): number {
  return Buffer.compare(Buffer.from(first), Buffer.from(second));
}

/** undefined for what no client can have: sockets, and devices, as it may not be root. */
function describeFile(place: string, shown: string, linkNames: Map<string, string>): Described | undefined {
  const stats = fs.lstatSync(place, { bigint: true });
  const type = typeOf(stats);
  if (type === undefined) return undefined;
  const key = `${stats.dev} ${stats.ino}`;
  const linkName = type === 'symlink' ? fs.readlinkSync(place) : (linkNames.get(key) ?? '');
  const hasContent = type === 'file' && linkName === '';
  if (hasContent && stats.nlink > 1n) linkNames.set(key, shown);
  const stat = statType.create({
    path: shown,
    mode: goModeOf(type, Number(stats.mode) & 0o7777),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: hasContent ? stats.size : 0n,
    modifiedAt: stats.mtimeNs,
    linkName,
  });
  return { stat, place, hasContent, isDirectory: type === 'directory' };
}

function typeOf(stats: fs.BigIntStats) {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return undefined;
}
