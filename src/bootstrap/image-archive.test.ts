import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { readTar } from '#archive/read-tar.ts';
import { imageArchive } from '#bootstrap/image-archive.ts';
import { parseImageConfig } from '#image/config.ts';
import { digestOf } from '#image/digest.ts';

suite('the archive of an image', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhow-image-archive-'));
  });
  after(() => rm(directory, { recursive: true }));

  const config = {
    created: '2025-09-06T09:53:27.000Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['bash'] },
  };

  async function filesOf(archive: AsyncIterable<Uint8Array>): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    for await (const entry of readTar(archive))
      files.set(entry.header.name, Buffer.concat(await Array.fromAsync(entry.body)));
    return files;
  }

  test('names each part by its digest', async () => {
    const layer = join(directory, 'layer.tar');
    const content = Buffer.alloc(1000, 'x');
    await writeFile(layer, content);
    const files = await filesOf(await imageArchive(layer, config, 'debian:bookworm'));
    const [{ Config, RepoTags, Layers }] = JSON.parse(files.get('manifest.json')?.toString() ?? '');
    assert.deepEqual(RepoTags, ['debian:bookworm']);
    const [layerName] = Layers;
    assert.equal(`sha256:${layerName}`, `${digestOf(content)}.tar`);
    assert.deepEqual(files.get(layerName), content);
    const bytes = files.get(Config) ?? Buffer.alloc(0);
    assert.equal(`sha256:${Config}`, `${digestOf(bytes)}.json`);
    assert.deepEqual(parseImageConfig(bytes), {
      ...config,
      rootfs: { type: 'layers', diff_ids: [digestOf(content)] },
    });
  });
});
