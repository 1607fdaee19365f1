import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { DhowError } from '#errors/error.ts';
import {
  createTestWorkers,
  makeLayer,
  makeScratch,
  never,
  openStores,
  sourceOf,
} from '#store/testing/store-parts.ts';
import { unmountDetach } from '#sys/mount.ts';
import { mountOverlay } from '#sys/overlay.ts';

const workers = createTestWorkers();
after(() => workers[Symbol.asyncDispose]());

const layer = makeLayer({ a: 'hello', 'd/b': 'world' });

function entries(directory: string): string[] {
  return fs.readdirSync(path.join(directory, 'layers')).sort();
}

describe('a layer', () => {
  it('can be unpacked, found, listed and removed', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { layers } = stores;
    assert.equal(layers.has(layer.diffId), false);
    assert.equal(
      await layers.unpack(layer.diffId, sourceOf(zlib.gzipSync(layer.bytes)), { signal: never }),
      10,
    );
    assert.ok(layers.has(layer.diffId));
    assert.equal(layers.sizeOf(layer.diffId), 10);
    assert.deepEqual(layers.list(), [layer.diffId]);
    assert.equal(fs.readFileSync(path.join(layers.directoryOf(layer.diffId), 'd/b'), 'utf8'), 'world');

    const removing = layers.remove(layer.diffId);
    assert.equal(layers.has(layer.diffId), false);
    await removing;
    await layers.remove(layer.diffId);
    assert.throws(() => layers.sizeOf(layer.diffId), { kind: 'NotFound' });
    assert.deepEqual(entries(scratch.path), ['empty']);
  });

  for (const { name, bytes, kind } of [
    { name: 'another digest', bytes: makeLayer({ other: '' }).bytes, kind: 'DataLoss' },
    { name: 'cut content', bytes: layer.bytes.subarray(0, 700), kind: 'InvalidParameter' },
    { name: 'a path outside', bytes: makeLayer({ '../x': '' }).bytes, kind: 'InvalidParameter' },
  ]) {
    it(`with ${name} is refused, and nothing of it stays`, async () => {
      await using scratch = await makeScratch();
      await using stores = openStores(scratch.path, workers);
      await assert.rejects(stores.layers.unpack(layer.diffId, sourceOf(bytes), { signal: never }), { kind });
      assert.equal(stores.layers.has(layer.diffId), false);
      assert.deepEqual(entries(scratch.path), ['empty']);
    });
  }

  it('is not read again when it is there, and the source is closed', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    await stores.layers.unpack(layer.diffId, sourceOf(layer.bytes), { signal: never });
    const unread = sourceOf(Buffer.from('never read'));
    assert.equal(await stores.layers.unpack(layer.diffId, unread, { signal: never }), 10);
    assert.equal((await unread.next()).done, true);
  });
});

describe('callers that want the same layer at once', () => {
  it('share the work and its progress', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const progress: number[][] = [[], [], []];
    const sources = progress.map(() => sourceOf(layer.bytes));
    const sizes = await Promise.all(
      sources.map((source, i) =>
        stores.layers.unpack(layer.diffId, source, {
          onProgress: (bytes) => progress[i]?.push(bytes),
          signal: never,
        }),
      ),
    );
    assert.deepEqual(sizes, [10, 10, 10]);
    assert.deepEqual(progress, Array(3).fill([layer.bytes.length]));
    assert.deepEqual(entries(scratch.path), ['1', 'empty']);
  });

  it('do not suffer when one of them gives up', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const controller = new AbortController();
    async function* stuck() {
      yield layer.bytes.subarray(0, 512);
      controller.abort(new Error('enough'));
      await new Promise(setImmediate);
      yield layer.bytes.subarray(512);
    }
    const first = stores.layers.unpack(layer.diffId, stuck(), { signal: controller.signal });
    const second = stores.layers.unpack(layer.diffId, sourceOf(layer.bytes), { signal: never });
    await assert.rejects(first, { message: 'enough' });
    assert.equal(await second, 10);
    assert.deepEqual(entries(scratch.path), ['1', 'empty']);
  });

  it('can each give up waiting', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    async function* gated() {
      await gate;
      yield layer.bytes;
    }
    const controller = new AbortController();
    const first = stores.layers.unpack(layer.diffId, gated(), { signal: never });
    const unread = sourceOf(layer.bytes);
    const second = stores.layers.unpack(layer.diffId, unread, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(second, { message: 'enough' });
    assert.equal((await unread.next()).done, true);
    open();
    assert.equal(await first, 10);
  });

  it('try in turn when the source of one fails', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    async function* broken(): AsyncGenerator<Uint8Array, void> {
      yield layer.bytes.subarray(0, 512);
      throw new DhowError('Unavailable', 'connection lost');
    }
    const first = stores.layers.unpack(layer.diffId, broken(), { signal: never });
    const second = stores.layers.unpack(layer.diffId, sourceOf(layer.bytes), { signal: never });
    await assert.rejects(first, { kind: 'Unavailable' });
    assert.equal(await second, 10);
  });
});

describe('opening the store', () => {
  it('removes what has no row and keeps what has', async () => {
    await using scratch = await makeScratch();
    {
      await using stores = openStores(scratch.path, workers);
      await stores.layers.unpack(layer.diffId, sourceOf(layer.bytes), { signal: never });
    }
    for (const name of ['new-1234', '2', 'removed-7']) {
      fs.mkdirSync(path.join(scratch.path, 'layers', name, 'fs'), { recursive: true });
    }
    const stores = openStores(scratch.path, workers);
    const other = makeLayer({ other: '' });
    await stores.layers.unpack(other.diffId, sourceOf(other.bytes), { signal: never });
    await stores[Symbol.asyncDispose]();
    assert.deepEqual(entries(scratch.path), ['1', '2', 'empty']);
    assert.ok(fs.existsSync(path.join(scratch.path, 'layers/2/fs/other')));
  });

  it('drops layers, and images made of them, that were not on disk when the machine went down', async () => {
    await using scratch = await makeScratch();
    const lost = makeLayer({ lost: '' });
    {
      await using stores = openStores(scratch.path, workers);
      for (const { diffId, bytes } of [layer, lost]) {
        await stores.layers.unpack(diffId, sourceOf(bytes), { signal: never });
        const rootfs = { type: 'layers' as const, diff_ids: [diffId] };
        stores.images.add({ id: diffId, config: { architecture: 'amd64', os: 'linux', rootfs } });
      }
      await stores.layers.durable();
      stores.database.sql
        .prepare('UPDATE layers SET unsynced_boot = ? WHERE diff_id = ?')
        .run('an earlier boot', lost.diffId);
    }
    await using stores = openStores(scratch.path, workers);
    assert.deepEqual(stores.layers.list(), [layer.diffId]);
    assert.deepEqual(stores.images.removeIncomplete(), [lost.diffId]);
    assert.deepEqual(
      stores.images.list().map((image) => image.id),
      [layer.diffId],
    );
  });

  it('keeps layers that were not on disk yet when only the daemon went down', async () => {
    await using scratch = await makeScratch();
    const stores = openStores(scratch.path, workers);
    const unpacking = stores.layers.unpack(layer.diffId, sourceOf(layer.bytes), { signal: never });
    await unpacking;
    const unsynced = stores.database.sql.prepare(
      'SELECT COUNT(*) AS n FROM layers WHERE unsynced_boot IS NOT NULL',
    );
    assert.equal(unsynced.get()?.['n'], 1);
    const again = openStores(scratch.path, workers);
    assert.ok(again.layers.has(layer.diffId));
    await again.layers.durable();
    assert.equal(unsynced.get()?.['n'], 0);
    await again[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  });
});

describe('rootMount', () => {
  it('mounts layers over each other, whiteouts included', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const base = makeLayer({ gone: 'x', kept: 'base', 'opaque/below': 'x', 'merged/below': 'x' });
    const top = makeLayer({
      '.wh.gone': '',
      kept: 'top',
      'opaque/.wh..wh..opq': '',
      'opaque/new': '',
      'merged/new': '',
    });
    for (const { diffId, bytes } of [base, top]) {
      await stores.layers.unpack(diffId, sourceOf(bytes), { signal: never });
    }
    const root = stores.layers.rootMount([base.diffId, top.diffId], scratch.path);
    const target = path.join(scratch.path, 'merged');
    fs.mkdirSync(target);
    mountOverlay(root, target);
    try {
      assert.deepEqual(fs.readdirSync(target).sort(), ['kept', 'merged', 'opaque']);
      assert.equal(fs.readFileSync(path.join(target, 'kept'), 'utf8'), 'top');
      assert.deepEqual(fs.readdirSync(path.join(target, 'opaque')), ['new']);
      assert.deepEqual(fs.readdirSync(path.join(target, 'merged')).sort(), ['below', 'new']);
      assert.equal(fs.statSync(target).mode & 0o7777, 0o755);
    } finally {
      unmountDetach(target);
    }
  });

  it('mounts a layer that an image has twice once, and nothing below an opaque root', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const { layers } = stores;
    const [a, b, opaque] = [makeLayer({ a: '' }), makeLayer({ b: '' }), makeLayer({ '.wh..wh..opq': '' })];
    for (const { diffId, bytes } of [a, b, opaque])
      await layers.unpack(diffId, sourceOf(bytes), { signal: never });
    const lowers = (...stack: (typeof a)[]): string[] =>
      layers.rootMount(
        stack.map((one) => one.diffId),
        scratch.path,
      ).lowerDirectories;
    const [inA, inB, inOpaque] = [a, b, opaque].map((one) => layers.directoryOf(one.diffId));
    assert.deepEqual(lowers(a, b, a), [inA, inB]);
    assert.deepEqual(lowers(a, opaque, b), [inB, inOpaque]);
    assert.deepEqual(lowers(), [path.join(scratch.path, 'layers/empty')]);
  });

  it('refuses a layer that is not there', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    assert.throws(() => stores.layers.rootMount([layer.diffId], scratch.path), { kind: 'NotFound' });
    assert.equal(fs.existsSync(path.join(scratch.path, 'upper')), false);
  });
});

describe('a layer whose digest nobody knows', () => {
  it('is unpacked and named by what it turned out to be, once', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const compressed = zlib.gzipSync(layer.bytes);
    for (let round = 0; round < 2; round++) {
      const { diffId, sizeBytes } = await stores.layers.add(sourceOf(compressed), never);
      assert.equal(diffId, layer.diffId);
      assert.equal(sizeBytes, 10);
    }
    assert.deepEqual(stores.layers.list(), [layer.diffId]);
    assert.equal(entries(scratch.path).length, 2);
    const bytes = Buffer.concat(await Array.fromAsync(stores.layers.export(layer.diffId, never)));
    assert.ok(bytes.equals(layer.bytes));
  });

  it('leaves nothing when it cannot be unpacked', async () => {
    await using scratch = await makeScratch();
    await using stores = openStores(scratch.path, workers);
    const bad = makeLayer({ '../x': '' }).bytes;
    await assert.rejects(stores.layers.add(sourceOf(bad), never), { kind: 'InvalidParameter' });
    assert.deepEqual(entries(scratch.path), ['empty']);
  });
});
