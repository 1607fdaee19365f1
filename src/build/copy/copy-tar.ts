import { type TarInput, tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import type { ChangeMode } from '#build/copy/chmod.ts';
import type { EntryHeader, SourceEntry } from '#build/copy/source-tree.ts';

/** An entry and its byte path below the root it is copied into. */
export interface PlacedEntry {
  path: string;
  header: EntryHeader;
  body: () => AsyncIterable<Uint8Array>;
}

export interface Changes {
  owner?: { uid: number; gid: number };
  mode?: ChangeMode;
}

/** What a copy makes of an entry's attributes. Symlinks have no mode of their own. */
function changeHeader(header: EntryHeader, { owner, mode }: Changes): EntryHeader {
  const changed =
    mode === undefined || header.type === 'symlink'
      ? header.mode
      : mode(header.mode, header.type === 'directory');
  return { ...header, ...owner, mode: changed & 0o7777 };
}

/** A tar archive of placed entries, for unpacking at the root. */
export async function* copyTar(entries: AsyncIterable<PlacedEntry>): AsyncGenerator<Uint8Array, void> {
  for await (const { path, header, body } of entries) {
    const name = header.type === 'directory' ? `${path}/` : path;
    const input: TarInput = { ...header, name: '', nameBytes: Buffer.from(name, 'latin1') };
    yield tarHeader(input);
    if (header.type !== 'file') continue;
    yield* body();
    yield tarPadding(header.sizeBytes);
  }
  yield tarTrailer();
}

/** Gives entries their place. */
export async function* placeEntries(
  entries: AsyncIterable<SourceEntry>,
  top: string,
  changes: Changes,
): AsyncGenerator<PlacedEntry, void> {
  const places = new Map<string, string>();
  for await (const { name, header, body } of entries) {
    const path = name === '' ? top : top === '' ? name : `${top}/${name}`;
    // The root of the image keeps its attributes.
    if (path === '') continue;
    const changed = changeHeader(header, changes);
    if (header.type !== 'hard-link') {
      if (header.type !== 'directory') places.set(name, path);
      yield { path, header: changed, body };
      continue;
    }
    const place = places.get(header.linkNameBytes.toString('latin1'));
    if (place === undefined) continue;
    yield { path, header: { ...changed, linkNameBytes: Buffer.from(place, 'latin1') }, body };
  }
}
