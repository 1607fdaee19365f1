import { pax, rawHeader, special } from '#archive/testing/archive-bytes.ts';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';

/** A tar of files (text), directories (name ends with a slash), links (`-> target`) and hard links (`=> name`). */
export function makeTar(files: Readonly<Record<string, string>>, mode = 0o644): Buffer {
  const parts = Object.entries(files).map(([name, text]) => {
    if (name.endsWith('/')) return tarHeader({ type: 'directory', name, mode: 0o755 });
    if (text.startsWith('-> ')) return tarHeader({ type: 'symlink', name, linkName: text.slice(3) });
    if (text.startsWith('=> ')) return tarHeader({ type: 'hard-link', name, linkName: text.slice(3) });
    const bytes = Buffer.from(text);
    const header = tarHeader({ type: 'file', name, mode, sizeBytes: bytes.length, uid: 1000, gid: 1000 });
    return Buffer.concat([header, bytes, tarPadding(bytes.length)]);
  });
  return Buffer.concat([...parts, tarTrailer()]);
}

/** In small pieces, as from a network. */
export async function* inPieces(bytes: Buffer, size = 1000): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A tar of one sparse file of a petabyte, with nothing in it. */
export function sparseBomb(): Buffer {
  const records = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.realsize': String(2 ** 50),
  };
  const map = Buffer.alloc(512);
  map.write('0\n');
  return Buffer.concat([special('x', pax(records)), rawHeader({ 124: '00000001000\0' }), map, tarTrailer()]);
}
