import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

/** A tag that stands for several images, one for each platform. */
export interface ImageIndex {
  /** In the order in which an index of a registry names them. */
  images: Digest[];
  /** Of the index itself. */
  annotations: Readonly<Record<string, string>>;
}

/**
 * Which tags stand for images of several platforms. The tag itself points at one of the images, as any tag does; when it is moved or
 * removed, and whenever it is set anew, the index ends. The index that a registry gets is made when it is pushed.
 */
export interface ImageIndexes {
  find(canonicalTag: string): ImageIndex | undefined;
  /** The tag has been set to one of the images. Replaces what it stood for. */
  set(canonicalTag: string, index: ImageIndex): void;
  /** Adds an image to those that the tag stands for, of which there may have been one, in place of those that it replaces. */
  add(canonicalTag: string, image: Digest, replaces: (other: Digest) => boolean): void;
  /** Tags that stand for the image among others. */
  tagsOf(image: Digest): string[];
}

export function createImageIndexes(database: Database): ImageIndexes {
  const { sql } = database;
  const annotationsOf = sql.prepare('SELECT annotations FROM image_indexes WHERE tag = ?');
  const imagesOf = sql.prepare('SELECT image_id FROM image_index_entries WHERE tag = ? ORDER BY position');
  const deleteIndex = sql.prepare('DELETE FROM image_indexes WHERE tag = ?');
  const insertIndex = sql.prepare('INSERT INTO image_indexes (tag, annotations) VALUES (?, ?)');
  const insertEntry = sql.prepare(
    'INSERT INTO image_index_entries (tag, position, image_id) VALUES (?, ?, ?)',
  );
  const tagged = sql.prepare('SELECT image_id FROM image_tags WHERE tag = ?');
  const tagsWith = sql.prepare(
    'SELECT DISTINCT tag FROM image_index_entries WHERE image_id = ? ORDER BY tag',
  );

  function find(tag: string): ImageIndex | undefined {
    const annotations = annotationsOf.get(tag)?.['annotations'];
    if (annotations === undefined) return undefined;
    return {
      images: imagesOf.all(tag).map((row) => parseDigest(String(row['image_id']))),
      annotations: JSON.parse(String(annotations)) as Record<string, string>,
    };
  }

  function set(tag: string, { images, annotations }: ImageIndex): void {
    database.transaction(() => {
      deleteIndex.run(tag);
      insertIndex.run(tag, JSON.stringify(annotations));
      for (const [position, image] of images.entries()) insertEntry.run(tag, position, image);
    });
  }

  return {
    find,
    set,
    add(tag, image, replaces) {
      database.transaction(() => {
        const alone = tagged.all(tag).map((row) => parseDigest(String(row['image_id'])));
        const { images, annotations } = find(tag) ?? { images: alone, annotations: {} };
        const staying = images.filter((other) => other !== image && !replaces(other));
        set(tag, { images: [...staying, image], annotations });
      });
    },
    tagsOf: (image) => tagsWith.all(image).map((row) => String(row['tag'])),
  };
}
