import { type TarInput, tarHeader, tarPadding } from '#archive/write-tar.ts';
import { type Packet, packetTypes, type Stat, sessionMethods } from '#buildkit/messages/session.ts';
import { entryTypeOf, permissionsOf } from '#buildkit/session/file-mode.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import { DhowError } from '#errors/error.ts';
import type { OpenCall } from '#grpc/client.ts';

/** Which files of a directory that the client offers. Patterns are those of `.dockerignore`. */
export interface WantedFiles {
  /** The client's name for the directory, such as `context`. */
  directory: string;
  exclude?: readonly string[];
  /** Only these, and what links among them lead to. */
  follow?: readonly string[];
}

/** Files that are asked for before it is their turn: how many, and how many bytes together. One file alone may be larger. */
const maxAhead = 128;
const maxBytesAhead = 4 * 1024 * 1024;
const gatheredBytes = 256 * 1024;
/** More than a build context may have. */
const maxEntries = 1_100_000;

/**
 * Files of a client as the entries of a tar archive, without its end. By fsutil's protocol: the client describes all files in order,
 * and sends the content of those that it is asked for. Nothing is held but the descriptions and what was asked for ahead.
 *
 * @param prefix where in the archive; empty or ending with a slash
 * @throws InvalidParameter for a client that breaks the protocol; Unsupported when it offers no files; what the client says
 */
export async function* receiveFiles(
  session: Session,
  wanted: WantedFiles,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (!session.offers(sessionMethods.sendFiles)) {
    throw new DhowError('Unsupported', `the client offers no files, but "${wanted.directory}" is needed`);
  }
  const call = session.client.open(sessionMethods.sendFiles, { headers: headersOf(wanted), signal });
  yield* gather(receiveEntries(call, prefix));
}

/** Small pieces together: what each piece costs is more than what its bytes do. */
async function* gather(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    gathered.push(piece);
    length += piece.length;
    if (length < gatheredBytes) continue;
    yield Buffer.concat(gathered);
    gathered = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(gathered);
}

async function* receiveEntries(call: OpenCall<Packet, Packet>, prefix: string): AsyncGenerator<Buffer> {
  const incoming = createIncoming(call);
  for (let id = 0; ; id++) {
    const stat = await incoming.stat(id);
    if (stat === undefined) break;
    const entry = entryOf(stat, prefix);
    if (entry === undefined) continue;
    if (entry.type !== 'file') {
      yield tarHeader(entry);
      continue;
    }
    yield* incoming.content(id, entry);
  }
  await call.send({ type: packetTypes.finish });
  call.end();
  await incoming.finish();
}

function headersOf({ directory, exclude = [], follow = [] }: WantedFiles): Record<string, string | string[]> {
  return {
    ...encodeHeader('dir-name', [directory]),
    ...encodeHeader('exclude-patterns', exclude),
    ...encodeHeader('followpaths', follow),
  };
}

/** Headers are ASCII; a list with anything else is escaped as a query is, and says so. */
function encodeHeader(name: string, values: readonly string[]): Record<string, string | string[]> {
  if (values.length === 0) return {};
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (values.every((value) => /^[\x00-\x7f]*$/.test(value))) return { [name]: [...values] };
  const escaped = values.map((value) => encodeURIComponent(value).replaceAll('%20', '+'));
  return { [name]: escaped, [`${name}-encoded`]: '1' };
}

function entryOf(stat: Stat, prefix: string): TarInput | undefined {
  const type = entryTypeOf(stat.mode, stat.linkName);
  if (type === undefined) return undefined;
  const nanoseconds = BigInt.asIntN(64, stat.modifiedAt);
  const seconds =
    (nanoseconds - (((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n;
  return {
    type,
    name: `${prefix}${stat.path}${type === 'directory' ? '/' : ''}`,
    // A hard link leads to another file of the same archive, a symlink wherever it says.
    linkName: type === 'hard-link' ? `${prefix}${stat.linkName}` : stat.linkName,
    sizeBytes: type === 'file' ? Number(stat.size) : 0,
    mode: permissionsOf(stat.mode),
    modifiedAt: { seconds: Number(seconds), nanoseconds: Number(nanoseconds - seconds * 1_000_000_000n) },
    deviceMajor: Number(stat.deviceMajor),
    deviceMinor: Number(stat.deviceMinor),
    xattrs: new Map([...stat.xattrs].map(([name, value]) => [name, Buffer.from(value)])),
  };
}

interface Content {
  chunks: Uint8Array[];
  /** How many bytes may still come. */
  missing: number;
  complete: boolean;
}

/** The client's side of the protocol, read only as far as something is needed. */
function createIncoming(call: OpenCall<Packet, Packet>) {
  const packets = call.messages[Symbol.asyncIterator]();
  const stats: Stat[] = [];
  const contents = new Map<number, Content>();
  let described = false;
  let next = 0;
  let bytesAhead = 0;

  /** @returns false at the end of the call */
  async function advance(): Promise<boolean> {
    const { value, done } = await packets.next();
    if (done) return false;
    switch (value.type) {
      case packetTypes.stat:
        if (value.stat === undefined) described = true;
        else if (stats.push(value.stat) > maxEntries) throw malformed(`more than ${maxEntries} files`);
        return true;
      case packetTypes.data:
        addData(value);
        return true;
      case packetTypes.error:
        throw new DhowError(
          'InvalidParameter',
          `the client cannot send its files: ${Buffer.from(value.data)}`,
        );
      case packetTypes.finish:
        return true;
      default:
        throw malformed(`a packet of type ${value.type}`);
    }
  }

  async function advanceOrFail(): Promise<void> {
    if (!(await advance())) throw malformed('the end came too early');
  }

  function addData({ id, data }: Packet): void {
    const content = contents.get(id);
    if (content === undefined || content.complete) throw malformed(`data of ${id}, which was not asked for`);
    if (data.length === 0) {
      content.complete = true;
      return;
    }
    if (data.length > content.missing) throw changed(id);
    content.missing -= data.length;
    content.chunks.push(data);
  }

  function changed(id: number): DhowError {
    return new DhowError('InvalidParameter', `"${stats[id]?.path}" changed while it was sent: build again`);
  }

  /** Asks for files that are known, from the current one on: for many at once, whenever half of those are there. */
  async function askAhead(id: number): Promise<void> {
    if (next < id) next = id;
    if (next > id + maxAhead / 2) return;
    const requests: Partial<Packet>[] = [];
    while (next < stats.length && next < id + maxAhead) {
      const stat = stats[next] as Stat;
      const size = Number(stat.size);
      const isFile = entryTypeOf(stat.mode, stat.linkName) === 'file';
      if (isFile && next !== id && bytesAhead + size > maxBytesAhead) break;
      if (isFile) {
        bytesAhead += size;
        contents.set(next, { chunks: [], missing: size, complete: false });
        requests.push({ type: packetTypes.request, id: next });
      }
      next++;
    }
    if (requests.length > 0) await call.send(...requests);
  }

  return {
    /** The description of a file, by its position; undefined after the last. */
    async stat(id: number): Promise<Stat | undefined> {
      while (stats.length <= id && !described) await advanceOrFail();
      return stats[id];
    },

    async *content(id: number, entry: TarInput): AsyncGenerator<Buffer> {
      await askAhead(id);
      const size = entry.sizeBytes ?? 0;
      const content = contents.get(id);
      if (content === undefined) throw malformed(`no content for ${id}`);
      yield tarHeader(entry);
      for (;;) {
        for (const chunk of content.chunks.splice(0))
          yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
        if (content.complete) break;
        await advanceOrFail();
      }
      if (content.missing > 0) throw changed(id);
      contents.delete(id);
      bytesAhead -= size;
      yield tarPadding(size);
    },

    /** Reads what the client still says, so that its side of the call ends well. */
    async finish(): Promise<void> {
      while (await advance());
    },
  };
}

function malformed(what: string): DhowError {
  return new DhowError('InvalidParameter', `the client does not keep to the protocol of files: ${what}`);
}
