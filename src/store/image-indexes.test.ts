import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Digest } from '#image/digest.ts';
import { createImageIndexes } from '#store/image-indexes.ts';
import { createTestWorkers, makeScratch, openStores } from '#store/testing/store-parts.ts';

const workers = createTestWorkers();
after(() => workers[Symbol.asyncDispose]());

const tag = 'docker.io/library/app:latest';

/** Stores with an image without layers for each architecture, the first of which has the tag. */
async function setUp(directory: string, architectures: readonly string[]) {
  const stores = openStores(directory, workers);
  const ids: Digest[] = [];
  for (const architecture of architectures) {
    const config = { architecture, os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [] } };
    const id = await stores.content.put(Buffer.from(JSON.stringify(config)));
    stores.images.add({ id, config });
    ids.push(id);
  }
  stores.images.setTag(tag, ids[0] as Digest);
  return { stores, indexes: createImageIndexes(stores.database), ids };
}

describe('an index of images', () => {
  it('is found by its tag, in order, with its annotations', async () => {
    await using scratch = await makeScratch();
    const { stores, indexes, ids } = await setUp(scratch.path, ['amd64', 'arm64', 's390x']);
    await using _stores = stores;
    assert.equal(indexes.find(tag), undefined);
    const [first, second, third] = ids as [Digest, Digest, Digest];
    indexes.set(tag, { images: [second, first], annotations: { a: 'b' } });
    assert.deepEqual(indexes.find(tag), { images: [second, first], annotations: { a: 'b' } });
    assert.deepEqual(
      [first, second, third].map((id) => indexes.tagsOf(id)),
      [[tag], [tag], []],
    );
  });

  it('begins with the image that has the tag when another one is added, which may replace others', async () => {
    await using scratch = await makeScratch();
    const { stores, indexes, ids } = await setUp(scratch.path, ['amd64', 'arm64', 's390x']);
    await using _stores = stores;
    const [first, second, third] = ids as [Digest, Digest, Digest];
    indexes.add(tag, second, () => false);
    indexes.add(tag, second, () => false);
    assert.deepEqual(indexes.find(tag), { images: [first, second], annotations: {} });
    indexes.add(tag, third, (other) => other === second);
    assert.deepEqual(indexes.find(tag)?.images, [first, third]);
  });

  it('ends when the tag is set anew or removed, and loses an image that is removed', async () => {
    await using scratch = await makeScratch();
    const { stores, indexes, ids } = await setUp(scratch.path, ['amd64', 'arm64']);
    await using _stores = stores;
    const [first, second] = ids as [Digest, Digest];
    const index = { images: [first, second], annotations: {} };
    indexes.set(tag, index);
    stores.images.setTag(tag, first);
    assert.equal(indexes.find(tag), undefined);
    indexes.set(tag, index);
    stores.images.remove(second);
    assert.deepEqual(indexes.find(tag)?.images, [first]);
    stores.images.removeTag(tag);
    assert.equal(indexes.find(tag), undefined);
    assert.deepEqual(indexes.tagsOf(first), []);
  });
});
