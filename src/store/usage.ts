import { type Digest, parseDigest } from '#image/digest.ts';
import type { Database } from '#store/database.ts';

/** What images cost on disk, for `system df`. Layers that several images share are counted once in the total. */
export interface ImageUsage {
  /** All layers in the store, also those that only a container keeps. */
  layersBytes: number;
  /** For each image, the bytes of layers that another image has as well. */
  sharedBytes: Map<Digest, number>;
}

const sharedByImage = `
  SELECT image_id, SUM(size_bytes) AS shared
  FROM (SELECT DISTINCT image_id, diff_id FROM image_layers) AS own JOIN layers USING (diff_id)
  WHERE EXISTS (
    SELECT 1 FROM image_layers AS other WHERE other.diff_id = own.diff_id AND other.image_id <> own.image_id
  )
  GROUP BY image_id`;

export function imageUsage({ sql }: Database): ImageUsage {
  const total = sql.prepare('SELECT COALESCE(SUM(size_bytes), 0) AS total FROM layers').get();
  const shared = sql.prepare(sharedByImage).all();
  return {
    layersBytes: Number(total?.['total']),
    sharedBytes: new Map(shared.map((row) => [parseDigest(String(row['image_id'])), Number(row['shared'])])),
  };
}
