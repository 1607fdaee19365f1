import { DhowError } from '#errors/error.ts';
import type { ImageConfig } from '#image/config.ts';
import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

export type { Collector } from '#store/collector.ts';
export type { Lease } from '#store/leases.ts';

/** An image whose config and layers are all in the store. */
export interface ImageRecord {
  /** Digest of the config blob. */
  id: Digest;
  config: ImageConfig;
  /** Canonical references with a tag that point here, such as `docker.io/library/busybox:latest`. */
  tags: string[];
  /** `repository@digest` pairs under which the image was pulled or pushed, canonical form. */
  repoDigests: string[];
  /** Sum of the unpacked layers, in bytes. */
  sizeBytes: number;
  /** When this store received it. */
  addedAt: Date;
  /** When it was last given one of the tags that it has; undefined without any, or only tags from before it was kept. */
  taggedAt?: Date;
}

export interface NewImage {
  /** Digest of the config blob. */
  id: Digest;
  config: ImageConfig;
  manifestDigest?: Digest;
  /**
   * Other blobs that must stay as long as the image does: the index it was chosen from, its compressed layers. Those
   * of an image that is there already are added to what it keeps.
   */
  content?: readonly Digest[];
  /** Of the manifests that will be made for it; they replace those of an image that is there already. */
  annotations?: Readonly<Record<string, string>>;
}

/**
 * The image table: which images are whole, and under which names. Everything here is synchronous SQL; a name is the
 * canonical text of a tagged reference (see `image/reference.ts`).
 */
export interface ImageStore {
  /**
   * Records an image whose config blob and layers are in their stores; keeps an existing record.
   * @throws NotFound when a layer is not there (any more: hold a lease of the collector)
   */
  add(image: NewImage): void;
  find(id: Digest): ImageRecord | undefined;
  findByTag(canonicalTag: string): ImageRecord | undefined;
  /** `repository@digest`, canonical. */
  findByRepoDigest(repoDigest: string): ImageRecord | undefined;
  /** All images whose id begins with these hexadecimal digits. */
  findByIdPrefix(hexPrefix: string): ImageRecord[];
  /** Newest first. */
  list(): ImageRecord[];
  /** Manifests of the image that are in the content store, as received or pushed; the newest first. */
  manifestsOf(id: Digest): Digest[];
  /** What manifests that are made for the image have to say; undefined: nobody has decided. */
  annotationsOf(id: Digest): Readonly<Record<string, string>> | undefined;
  /** Blobs that the image keeps, its config included. */
  contentOf(id: Digest): Digest[];
  /** The image no longer needs these blobs: they can be had elsewhere. */
  dropContent(id: Digest, digests: readonly Digest[]): void;
  /**
   * Points the tag at the image, moving it from another one. @returns the image that had it before, if another
   * @throws NotFound when there is no such image
   */
  setTag(canonicalTag: string, id: Digest): Digest | undefined;
  /** @returns whether it existed */
  removeTag(canonicalTag: string): boolean;
  /** @throws NotFound when there is no such image */
  addRepoDigest(repoDigest: string, id: Digest): void;
  removeRepoDigest(repoDigest: string): boolean;
  /** Removes the record with its tags and repo digests; content and layers are the collector's work. */
  remove(id: Digest): void;
  /**
   * Removes images that lack a layer, which a power cut shortly after a pull can leave. For the start of the daemon,
   * after the layer store was opened. @returns what was removed
   */
  removeIncomplete(): Digest[];
}

const select = `
  SELECT id, config, added_at,
    (SELECT json_group_array(tag ORDER BY tag) FROM image_tags WHERE image_id = id) AS tags,
    (SELECT json_group_array(repo_digest ORDER BY repo_digest) FROM image_repo_digests WHERE image_id = id)
      AS repo_digests,
    (SELECT COALESCE(SUM(size_bytes), 0) FROM image_layers JOIN layers USING (diff_id) WHERE image_id = images.id)
      AS size_bytes,
    (SELECT MAX(tagged_at) FROM image_tags WHERE image_id = images.id) AS tagged_at
  FROM images`;

export function createImageStore(database: Database): ImageStore {
  const { sql } = database;
  const byId = sql.prepare(`${select} WHERE id = ?`);
  const byTag = sql.prepare(`${select} WHERE id = (SELECT image_id FROM image_tags WHERE tag = ?)`);
  const byRepoDigest = sql.prepare(
    `${select} WHERE id = (SELECT image_id FROM image_repo_digests WHERE repo_digest = ?)`,
  );
  const byIdRange = sql.prepare(`${select} WHERE id >= ? AND id < ? ORDER BY id`);
  const all = sql.prepare(`${select} ORDER BY added_at DESC, id`);
  const insert = sql.prepare(
    'INSERT INTO images (id, config, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const insertLayer = sql.prepare(
    'INSERT INTO image_layers (image_id, position, diff_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const insertContent = sql.prepare(
    'INSERT INTO image_content (image_id, digest) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const insertManifest = sql.prepare(
    'INSERT OR REPLACE INTO image_manifests (image_id, digest) VALUES (?, ?)',
  );
  const manifestRows = sql.prepare('SELECT digest FROM image_manifests WHERE image_id = ? ORDER BY id DESC');
  const insertAnnotations = sql.prepare(
    'INSERT OR REPLACE INTO image_annotations (image_id, annotations) VALUES (?, ?)',
  );
  const annotationsRow = sql.prepare('SELECT annotations FROM image_annotations WHERE image_id = ?');
  const deleteContent = sql.prepare('DELETE FROM image_content WHERE image_id = ? AND digest = ?');
  const contentRows = sql.prepare('SELECT digest FROM image_content WHERE image_id = ? ORDER BY digest');
  const exists = sql.prepare('SELECT 1 FROM images WHERE id = ?');
  const layerExists = sql.prepare('SELECT 1 FROM layers WHERE diff_id = ?');
  const tagOwner = sql.prepare('SELECT image_id FROM image_tags WHERE tag = ?');
  const upsertTag = sql.prepare(
    `INSERT INTO image_tags (tag, image_id, tagged_at) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET image_id = excluded.image_id, tagged_at = excluded.tagged_at`,
  );
  const deleteTag = sql.prepare('DELETE FROM image_tags WHERE tag = ?');
  const upsertRepoDigest = sql.prepare(
    'INSERT INTO image_repo_digests (repo_digest, image_id) VALUES (?, ?) ON CONFLICT DO UPDATE SET image_id = excluded.image_id',
  );
  const deleteRepoDigest = sql.prepare('DELETE FROM image_repo_digests WHERE repo_digest = ?');
  const deleteImage = sql.prepare('DELETE FROM images WHERE id = ?');
  const deleteIncomplete = sql.prepare(`
    DELETE FROM images WHERE id IN (
      SELECT image_id FROM image_layers WHERE diff_id NOT IN (SELECT diff_id FROM layers)
    ) RETURNING id`);

  function requireImage(id: Digest): void {
    if (exists.get(id) === undefined) throw new DhowError('NotFound', `no image with the id ${id}`);
  }

  function requireLayer(diffId: Digest): void {
    if (layerExists.get(diffId) !== undefined) return;
    throw new DhowError('NotFound', `the layer ${diffId} is not in the store; pull or load the image again`);
  }

  const findOne = (row: Row | undefined): ImageRecord | undefined =>
    row === undefined ? undefined : decode(row);

  return {
    add({ id, config, manifestDigest, content = [], annotations }) {
      database.transaction(() => {
        for (const diffId of config.rootfs.diff_ids) requireLayer(diffId);
        insert.run(id, JSON.stringify(config), Date.now());
        for (const [position, diffId] of config.rootfs.diff_ids.entries())
          insertLayer.run(id, position, diffId);
        const kept = manifestDigest === undefined ? [id, ...content] : [id, manifestDigest, ...content];
        for (const digest of kept) insertContent.run(id, digest);
        if (manifestDigest !== undefined) insertManifest.run(id, manifestDigest);
        if (annotations !== undefined) insertAnnotations.run(id, JSON.stringify(annotations));
      });
    },
    find: (id) => findOne(byId.get(id)),
    findByTag: (tag) => findOne(byTag.get(tag)),
    findByRepoDigest: (repoDigest) => findOne(byRepoDigest.get(repoDigest)),
    findByIdPrefix(hexPrefix) {
      if (!/^[0-9a-f]{1,64}$/.test(hexPrefix)) return [];
      // `g` follows the last hexadecimal digit.
      return byIdRange.all(`sha256:${hexPrefix}`, `sha256:${hexPrefix}g`).map(decode);
    },
    list: () => all.all().map(decode),
    manifestsOf: (id) => manifestRows.all(id).map((row) => parseDigest(String(row['digest']))),
    annotationsOf(id) {
      const text = annotationsRow.get(id)?.['annotations'];
      return text === undefined ? undefined : (JSON.parse(String(text)) as Record<string, string>);
    },
    contentOf: (id) => contentRows.all(id).map((row) => parseDigest(String(row['digest']))),
    dropContent(id, digests) {
      database.transaction(() => {
        for (const digest of digests) deleteContent.run(id, digest);
      });
    },
    setTag(tag, id) {
      return database.transaction(() => {
        requireImage(id);
        const before = tagOwner.get(tag)?.['image_id'];
        upsertTag.run(tag, id, Date.now());
        return before === undefined || before === id ? undefined : parseDigest(String(before));
      });
    },
    removeTag: (tag) => deleteTag.run(tag).changes > 0,
    addRepoDigest(repoDigest, id) {
      database.transaction(() => {
        requireImage(id);
        upsertRepoDigest.run(repoDigest, id);
      });
    },
    removeRepoDigest: (repoDigest) => deleteRepoDigest.run(repoDigest).changes > 0,
    remove(id) {
      deleteImage.run(id);
    },
    removeIncomplete: () => deleteIncomplete.all().map((row) => parseDigest(String(row['id']))),
  };
}

type Row = Record<string, unknown>;

function decode(row: Row): ImageRecord {
  return {
    id: parseDigest(String(row['id'])),
    config: JSON.parse(String(row['config'])) as ImageConfig,
    tags: JSON.parse(String(row['tags'])) as string[],
    repoDigests: JSON.parse(String(row['repo_digests'])) as string[],
    sizeBytes: Number(row['size_bytes']),
    addedAt: new Date(Number(row['added_at'])),
    ...(row['tagged_at'] === null ? {} : { taggedAt: new Date(Number(row['tagged_at'])) }),
  };
}
