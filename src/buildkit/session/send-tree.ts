import fs from 'node:fs';
import path from 'node:path';
import { packetTypes, type Stat, sessionMethods, stat as statType } from '#buildkit/messages/session.ts';
import { entryTypeOf, goModeOf } from '#buildkit/session/file-mode.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import { DhowError } from '#errors/error.ts';

const chunkBytes = 1024 * 1024;

/**
 * Sends a tree of files to a directory of the client's, by the same protocol in which it sends its own: all files are described, and
 * the content of those that the client asks for follows.
 * @param exporter its position in the build's request
 * @param root nothing in it may change meanwhile
 * @throws Unsupported; InvalidParameter for a client that breaks the protocol; what the client says
 */
export async function sendTree(
  session: Session,
  exporter: number,
  root: string,
  signal: AbortSignal,
): Promise<void> {
  if (!session.offers(sessionMethods.takeFiles))
    throw new DhowError('Unsupported', 'the client takes no files');
  const headers = { 'buildkit-attachable-exporter-id': String(exporter) };
  const call = session.client.open(sessionMethods.takeFiles, { headers, signal });
  const files = new Map<number, string>();

  async function describe(): Promise<void> {
    let id = 0;
    for (const stat of walk(root)) {
      signal.throwIfAborted();
      if (entryTypeOf(stat.mode, stat.linkName) === 'file') files.set(id, path.join(root, stat.path));
      id++;
      await call.send({ type: packetTypes.stat, stat });
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

/** All files in the order that the protocol wants: that of their names, each directory before what is in it. */
function* walk(root: string): Generator<Stat> {
  const linkNames = new Map<string, string>();

  function* below(directory: string): Generator<Stat> {
    const names = fs.readdirSync(path.join(root, directory)).sort(compareBytes);
    for (const name of names) {
      const inside = path.posix.join(directory, name);
      const found = describeFile(root, inside, linkNames);
      if (found === undefined) continue;
      yield found.stat;
      if (found.isDirectory) yield* below(inside);
    }
  }

  yield* below('');
}

function compareBytes(first: string, second: string): number {
  return Buffer.compare(Buffer.from(first), Buffer.from(second));
}

/** undefined for a socket. */
function describeFile(
  root: string,
  inside: string,
  linkNames: Map<string, string>,
): { stat: Stat; isDirectory: boolean } | undefined {
  const place = path.join(root, inside);
  const stats = fs.lstatSync(place, { bigint: true });
  const type = typeOf(stats);
  if (type === undefined) return undefined;
  const key = `${stats.dev} ${stats.ino}`;
  const linkName = type === 'symlink' ? fs.readlinkSync(place) : (linkNames.get(key) ?? '');
  if (type === 'file' && stats.nlink > 1n && !linkNames.has(key)) linkNames.set(key, inside);
  const stat = statType.create({
    path: inside,
    mode: goModeOf(type, Number(stats.mode) & 0o7777),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' && linkName === '' ? stats.size : 0n,
    modifiedAt: stats.mtimeNs,
    linkName,
  });
  return { stat, isDirectory: type === 'directory' };
}

function typeOf(stats: fs.BigIntStats) {
  if (stats.isFile()) return 'file' as const;
  if (stats.isDirectory()) return 'directory' as const;
  if (stats.isSymbolicLink()) return 'symlink' as const;
  if (stats.isFIFO()) return 'fifo' as const;
  // Devices are of no use to a client, who may not be root.
  return undefined;
}
