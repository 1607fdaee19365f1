import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import type { ImageConfig } from '#image/config.ts';
import { digestOf, hexOf, parseDigest } from '#image/digest.ts';

/**
 * An image of one layer as `docker load` of any age reads it (moby's image spec v1.2). Its id is decided by the arguments and the bytes
 * of the layer.
 *
 * @param layer path of the layer's tar, which must stay until the archive has been read
 */
export async function imageArchive(
  layer: string,
  config: Omit<ImageConfig, 'rootfs'>,
  name: string,
): Promise<AsyncIterable<Uint8Array>> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(layer)) hash.update(piece);
  const diffId = parseDigest(`sha256:${hash.digest('hex')}`);
  const document: ImageConfig = { ...config, rootfs: { type: 'layers', diff_ids: [diffId] } };
  const configBytes = Buffer.from(JSON.stringify(document));
  const configName = `${hexOf(digestOf(configBytes))}.json`;
  const layerName = `${hexOf(diffId)}.tar`;
  const manifest = [{ Config: configName, RepoTags: [name], Layers: [layerName] }];
  const { size } = await stat(layer);
  return (async function* () {
    yield* smallFile('manifest.json', Buffer.from(JSON.stringify(manifest)));
    yield* smallFile(configName, configBytes);
    yield tarHeader({ type: 'file', name: layerName, mode: 0o644, sizeBytes: size });
    yield* createReadStream(layer, { highWaterMark: 256 * 1024 });
    yield tarPadding(size);
    yield tarTrailer();
  })();
}

function smallFile(name: string, bytes: Buffer): Buffer[] {
  return [
    tarHeader({ type: 'file', name, mode: 0o644, sizeBytes: bytes.length }),
    bytes,
    tarPadding(bytes.length),
  ];
}
