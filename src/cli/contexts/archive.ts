import { readTar } from '#archive/read-tar.ts';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import {
  type ContextRecord,
  decodeRecord,
  encodeRecord,
  type TlsFiles,
  tlsNames,
} from '#cli/contexts/store.ts';
import { DhowError } from '#errors/error.ts';

/** A context as Docker's CLI exports it: a tar of `meta.json` and `tls/docker/{ca,cert,key}.pem`. */
export interface ExportedContext {
  record: ContextRecord;
  tls: TlsFiles;
}

/** Docker reads no larger ones either. */
const maxBytes = 10 * 1024 * 1024;

export function* packContext({ record, tls }: ExportedContext): Generator<Buffer> {
  yield* packFile('meta.json', encodeRecord(record), 0o644);
  for (const name of tlsNames) {
    if (tls[name] !== undefined) yield* packFile(tlsPath(name), tls[name], 0o600);
  }
  yield tarTrailer();
}

function* packFile(name: string, text: string, mode: number): Generator<Buffer> {
  const bytes = Buffer.from(text);
  yield tarHeader({ type: 'file', name, mode, sizeBytes: bytes.length });
  yield bytes;
  yield tarPadding(bytes.length);
}

/**
 * @returns the context under the name that it had
 * @throws InvalidParameter for what is no such tar
 */
export async function unpackContext(archive: AsyncIterable<Uint8Array>): Promise<ExportedContext> {
  const texts = new Map<string, string>();
  let total = 0;
  for await (const { header, body } of readTar(archive)) {
    total += header.sizeBytes;
    if (total > maxBytes) throw new DhowError('InvalidParameter', 'the archive is too large for a context');
    const name = header.name.replace(/^\.\//, '');
    if (header.type !== 'file') continue;
    if (name !== 'meta.json' && !tlsNames.some((known) => tlsPath(known) === name)) {
      throw new DhowError('InvalidParameter', `"${name.slice(0, 100)}" is not a part of a context`);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    texts.set(name, Buffer.concat(chunks).toString());
  }
  const record = decodeRecord(texts.get('meta.json') ?? '');
  if (record === undefined)
    throw new DhowError('InvalidParameter', 'the archive holds no context (meta.json)');
  const tls = Object.fromEntries(
    tlsNames.map((name) => [name, texts.get(tlsPath(name))]).filter(([, text]) => text !== undefined),
  );
  return { record, tls };
}

function tlsPath(name: string): string {
  return `tls/docker/${name}.pem`;
}
