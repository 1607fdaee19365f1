import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

/** A form in which a layer travels: compressed, or the tar itself. */
export interface LayerBlob {
  digest: Digest;
  diffId: Digest;
  mediaType: string;
  sizeBytes: number;
}

/**
 * In which forms layers were received and sent, and which repositories have them. The bytes themselves are mostly not
 * kept: a push asks first the registry that it goes to, then those that are known here.
 */
export interface LayerBlobs {
  /** @param repository canonical, `registry/path`; undefined when it did not come from a registry */
  remember(blob: LayerBlob, repository?: string): void;
  /** The forms of a layer, last seen first. */
  formsOf(diffId: Digest): LayerBlob[];
  /** Repositories that have had the blob, last seen first. */
  sourcesOf(digest: Digest): string[];
}

export function createLayerBlobs(database: Database): LayerBlobs {
  const { sql } = database;
  const insertBlob = sql.prepare(
    `INSERT INTO layer_blobs (digest, diff_id, media_type, size_bytes) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET media_type = excluded.media_type`,
  );
  const insertSource = sql.prepare(
    `INSERT INTO layer_blob_sources (digest, repository, seen_at) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`,
  );
  const forms = sql.prepare(
    `SELECT digest, media_type, size_bytes FROM layer_blobs WHERE diff_id = ?
     ORDER BY (SELECT MAX(seen_at) FROM layer_blob_sources AS source WHERE source.digest = layer_blobs.digest) DESC`,
  );
  const sources = sql.prepare(
    'SELECT repository FROM layer_blob_sources WHERE digest = ? ORDER BY seen_at DESC LIMIT 16',
  );
  return {
    remember({ digest, diffId, mediaType, sizeBytes }, repository) {
      database.transaction(() => {
        insertBlob.run(digest, diffId, mediaType, sizeBytes);
        if (repository !== undefined) insertSource.run(digest, repository, Date.now());
      });
    },
    formsOf: (diffId) =>
      forms.all(diffId).map((row) => ({
        digest: parseDigest(String(row['digest'])),
        diffId,
        mediaType: String(row['media_type']),
        sizeBytes: Number(row['size_bytes']),
      })),
    sourcesOf: (digest) => sources.all(digest).map((row) => String(row['repository'])),
  };
}
