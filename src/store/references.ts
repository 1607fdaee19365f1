import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

/** Who needs what, for checking the store. */
export interface References {
  /** Builds the indexes anew, which mends what an index alone has wrong; what else is damaged stays so. */
  rebuildIndexes(): void;
  /** All content that images need. */
  neededContent(): Digest[];
  imagesWithContent(digest: Digest): Digest[];
  imagesWithLayer(diffId: Digest): Digest[];
  /** Layers that images or containers need and that have no row. */
  missingLayers(): Digest[];
  /** Ids of containers that keep the layer. */
  usersOfLayer(diffId: Digest): string[];
  /** Makes images do without content: a manifest, which only a push or a save would have used. */
  forgetContent(digest: Digest): void;
}

export function createReferences({ sql, transaction }: Database): References {
  const digests = (rows: Record<string, unknown>[], column: string): Digest[] =>
    rows.map((row) => parseDigest(String(row[column])));
  const content = sql.prepare('SELECT DISTINCT digest FROM image_content');
  const byContent = sql.prepare('SELECT image_id FROM image_content WHERE digest = ?');
  const byLayer = sql.prepare('SELECT DISTINCT image_id FROM image_layers WHERE diff_id = ?');
  const missing = sql.prepare(`
    SELECT diff_id FROM image_layers UNION SELECT diff_id FROM layer_uses
    EXCEPT SELECT diff_id FROM layers`);
  const users = sql.prepare('SELECT user FROM layer_uses WHERE diff_id = ?');
  const deleteContent = sql.prepare('DELETE FROM image_content WHERE digest = ?');
  const deleteManifest = sql.prepare('DELETE FROM image_manifests WHERE digest = ?');
  return {
    rebuildIndexes() {
      try {
        sql.exec('REINDEX');
      } catch {
        // A damaged table: the next check says so.
      }
    },
    neededContent: () => digests(content.all(), 'digest'),
    imagesWithContent: (digest) => digests(byContent.all(digest), 'image_id'),
    imagesWithLayer: (diffId) => digests(byLayer.all(diffId), 'image_id'),
    missingLayers: () => digests(missing.all(), 'diff_id'),
    usersOfLayer: (diffId) => users.all(diffId).map((row) => String(row['user'])),
    forgetContent(digest) {
      transaction(() => {
        deleteContent.run(digest);
        deleteManifest.run(digest);
      });
    },
  };
}
