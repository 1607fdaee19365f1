import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { ImageConfig } from '#image/config.ts';
import { type Digest, digestOf } from '#image/digest.ts';
import {
  createTestWorkers,
  makeLayer,
  makeScratch,
  never,
  openStores,
  sourceOf,
  type TestLayer,
} from '#store/testing/store-parts.ts';
import { imageUsage } from '#store/usage.ts';

const workers = createTestWorkers();
after(() => workers[Symbol.asyncDispose]());

type Stores = ReturnType<typeof openStores>;

const base = makeLayer({ base: '12345' });
const one = makeLayer({ one: '1234567' });
const two = makeLayer({ two: '123' });

function configOf(...layers: TestLayer[]): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  };
}

/** Stores layers, config and compressed layers, as a pull does. */
async function addImage({ content, layers, images }: Stores, ...parts: TestLayer[]): Promise<Digest> {
  const kept: Digest[] = [];
  for (const { diffId, bytes } of parts) {
    await layers.unpack(diffId, sourceOf(bytes), { signal: never });
    kept.push(await content.put(bytes));
  }
  const id = await content.put(Buffer.from(JSON.stringify(configOf(...parts))));
  images.add({ id, config: configOf(...parts), content: kept });
  return id;
}

describe('an image', () => {
  it('is found by id, tag, repo digest and the beginning of its id', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images } = stores;
    const id = await addImage(stores, base, one);
    images.setTag('docker.io/library/b:1', id);
    images.setTag('docker.io/library/a:1', id);
    const repoDigest = `docker.io/library/a@${digestOf('manifest')}`;
    images.addRepoDigest(repoDigest, id);

    const record = images.find(id);
    assert.deepEqual(record, {
      id,
      config: configOf(base, one),
      tags: ['docker.io/library/a:1', 'docker.io/library/b:1'],
      repoDigests: [repoDigest],
      sizeBytes: 12,
      addedAt: record?.addedAt,
      taggedAt: record?.taggedAt,
    });
    assert.deepEqual(images.findByTag('docker.io/library/a:1'), record);
    assert.deepEqual(images.findByRepoDigest(repoDigest), record);
    assert.deepEqual(images.findByIdPrefix(id.slice(7, 15)), [record]);
    assert.deepEqual(images.findByIdPrefix(id.slice(7)), [record]);
    assert.deepEqual(images.list(), [record]);
    assert.deepEqual(new Set(images.contentOf(id)), new Set([id, base.diffId, one.diffId]));

    assert.equal(images.find(digestOf('absent')), undefined);
    assert.equal(images.findByTag('docker.io/library/a:2'), undefined);
    for (const prefix of ['', 'xyz', "'", '%', 'A']) assert.deepEqual(images.findByIdPrefix(prefix), []);
  });

  it('is kept as it is when added again', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const id = await addImage(stores, base);
    const before = stores.images.find(id);
    stores.images.add({ id, config: configOf(base), manifestDigest: digestOf('manifest') });
    assert.deepEqual(stores.images.find(id), before);
    assert.ok(stores.images.contentOf(id).includes(digestOf('manifest')));
  });

  it('cannot be added without its layers', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const id = digestOf('config');
    assert.throws(() => stores.images.add({ id, config: configOf(base) }), { kind: 'NotFound' });
    assert.equal(stores.images.find(id), undefined);
  });

  it('gives its tag to another', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images } = stores;
    const [first, second] = [await addImage(stores, one), await addImage(stores, two)];
    assert.equal(images.setTag('a:1', first), undefined);
    assert.equal(images.setTag('a:1', first), undefined);
    assert.equal(images.setTag('a:1', second), first);
    assert.deepEqual([images.find(first)?.tags, images.find(second)?.tags], [[], ['a:1']]);
    assert.equal(images.removeTag('a:1'), true);
    assert.equal(images.removeTag('a:1'), false);
  });

  it('knows when it was given a tag last', async (t) => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images } = stores;
    const id = await addImage(stores, one);
    t.mock.timers.enable({ apis: ['Date'], now: 1000 });
    assert.equal(images.find(id)?.taggedAt, undefined);
    for (const tag of ['a:1', 'b:1', 'a:1']) {
      t.mock.timers.tick(1000);
      images.setTag(tag, id);
    }
    assert.equal(images.find(id)?.taggedAt?.getTime(), 4000);
    images.removeTag('a:1');
    assert.equal(images.find(id)?.taggedAt?.getTime(), 3000);
  });

  it('takes its names along when removed', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images } = stores;
    const id = await addImage(stores, one);
    images.setTag('a:1', id);
    images.addRepoDigest('a@sha256:1', id);
    images.remove(id);
    assert.deepEqual(
      [images.find(id), images.findByTag('a:1'), images.findByRepoDigest('a@sha256:1'), images.list()],
      [undefined, undefined, undefined, []],
    );
    assert.throws(() => images.setTag('a:1', id), { kind: 'NotFound' });
    assert.throws(() => images.addRepoDigest('a@sha256:1', id), { kind: 'NotFound' });
  });

  it('costs what its layers take, shared ones once', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const [first, second] = [await addImage(stores, base, one), await addImage(stores, base, two)];
    const third = await addImage(stores, makeLayer({ alone: '1' }));
    const usage = imageUsage(stores.database);
    assert.equal(usage.layersBytes, 5 + 7 + 3 + 1);
    assert.deepEqual(
      [first, second, third].map((id) => usage.sharedBytes.get(id) ?? 0),
      [5, 5, 0],
    );
  });
});

describe('collect', () => {
  it('removes what no image needs and nothing else', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images, layers, content, collector } = stores;
    const [first, second] = [await addImage(stores, base, one), await addImage(stores, base, two)];
    assert.deepEqual(await collector.collect(), { removedLayers: [], freedBytes: 0 });

    images.remove(first);
    const configBytes = content.sizeOf(first);
    const { removedLayers, freedBytes } = await collector.collect();
    assert.deepEqual(removedLayers, [one.diffId]);
    assert.equal(freedBytes, 7 + one.bytes.length + configBytes);
    assert.deepEqual(new Set(layers.list()), new Set([base.diffId, two.diffId]));
    assert.deepEqual(new Set(content.list()), new Set([second, base.diffId, two.diffId]));
    assert.deepEqual(fs.readdirSync(path.join(scratch.path, 'layers')).sort(), ['1', '3', 'empty']);
  });

  it('leaves the layers of a container whose image is gone', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images, layers, collector, layerUses } = stores;
    const id = await addImage(stores, base, one);
    layerUses.retain('container', [base.diffId, one.diffId]);
    layerUses.retain('container', [one.diffId]);
    layerUses.retain('other', [base.diffId]);
    images.remove(id);
    assert.deepEqual((await collector.collect()).removedLayers, []);
    layerUses.release('container');
    assert.deepEqual((await collector.collect()).removedLayers, [one.diffId]);
    layerUses.release('other');
    await collector.collect();
    assert.deepEqual(layers.list(), []);
  });

  it('leaves what was found since a lease began, as its holder will use it', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images, layers, content, collector } = stores;
    const blob = await content.put(Buffer.from('found'));
    images.remove(await addImage(stores, base, one));
    {
      using _lease = collector.lease();
      assert.ok(layers.has(base.diffId));
      // Not read, as it is there.
      await layers.unpack(one.diffId, sourceOf(Buffer.alloc(0)), { signal: never });
      await content.put(Buffer.from('found'));
      assert.deepEqual((await collector.collect()).removedLayers, []);
      assert.ok(content.list().includes(blob));
    }
    assert.deepEqual((await collector.collect()).removedLayers, [base.diffId, one.diffId]);
    assert.deepEqual(content.list(), []);
  });

  it('leaves what was added a short time ago, when it is asked to', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images, layers, content, collector } = stores;
    images.remove(await addImage(stores, base));
    await collector.collect(new Date(Date.now() - 3_600_000));
    assert.deepEqual(layers.list(), [base.diffId]);
    assert.notEqual(content.list().length, 0);
    await collector.collect(new Date(Date.now() + 3_600_000));
    assert.deepEqual([layers.list(), content.list()], [[], []]);
  });

  it('leaves what was added or named since a lease began', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { images, layers, content, collector } = stores;
    images.remove(await addImage(stores, base, one));
    {
      using lease = collector.lease();
      lease.hold([base.diffId]);
      await layers.unpack(two.diffId, sourceOf(two.bytes), { signal: never });
      const blob = await content.put(Buffer.from('new'));
      assert.deepEqual((await collector.collect()).removedLayers, [one.diffId]);
      assert.deepEqual(new Set(content.list()), new Set([blob, base.diffId]));

      // What comes again after it was collected is new.
      await layers.unpack(one.diffId, sourceOf(one.bytes), { signal: never });
      assert.deepEqual((await collector.collect()).removedLayers, []);
    }
    await collector.collect();
    assert.deepEqual([layers.list(), content.list()], [[], []]);
  });
});
