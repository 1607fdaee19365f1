import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
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

type Stores = ReturnType<typeof openStores>;

/** Lets `change` work on the layers' files in an overlay, and makes a layer of what it did. */
async function adoptChanges(
  stores: Stores,
  scratch: string,
  below: Parameters<Stores['layers']['rootMount']>[0],
  change: (root: string) => void,
  latestSeconds?: number,
) {
  const directory = fs.mkdtempSync(path.join(scratch, 'work-'));
  const root = path.join(directory, 'root');
  fs.mkdirSync(root);
  const mount = stores.layers.rootMount(below, directory);
  mountOverlay(mount, root);
  try {
    change(root);
  } finally {
    unmountDetach(root);
  }
  const limit = latestSeconds === undefined ? {} : { latestSeconds };
  return stores.layers.adopt(mount.upperDirectory, { ...limit, signal: never });
}

async function exported(stores: Stores, diffId: Parameters<Stores['layers']['export']>[0]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stores.layers.export(diffId, never)));
}

describe('an adopted upper directory', () => {
  it('is a layer whose tar has its digest, with deletions and replaced directories', async () => {
    await using scratch = makeScratch();
    await using stores = openStores(scratch.path, workers);
    const base = makeLayer({ keep: '1', gone: '2', 'dir/a': '3', 'dir/b': '4' });
    await stores.layers.unpack(base.diffId, sourceOf(base.bytes), { signal: never });
    const { diffId, sizeBytes } = await adoptChanges(stores, scratch.path, [base.diffId], (root) => {
      fs.writeFileSync(path.join(root, 'new'), 'x'.repeat(300_000));
      fs.linkSync(path.join(root, 'new'), path.join(root, 'new2'));
      fs.symlinkSync('new', path.join(root, 'link'));
      fs.rmSync(path.join(root, 'gone'));
      fs.chmodSync(root, 0o700);
      fs.appendFileSync(path.join(root, 'keep'), 'more');
      fs.rmSync(path.join(root, 'dir'), { recursive: true });
      fs.mkdirSync(path.join(root, 'dir'));
      fs.writeFileSync(path.join(root, 'dir/c'), '5');
    });
    assert.equal(sizeBytes, 300_006);
    const tar = await exported(stores, diffId);
    assert.equal(`sha256:${createHash('sha256').update(tar).digest('hex')}`, diffId);
    assert.equal(tar.length, stores.layers.tarBytesOf(diffId));

    assert.equal(await stores.layers.verify(diffId, { mend: false, signal: never }), undefined);

    // Unpacked somewhere else, the tar gives the same tree over the same base.
    await using other = makeScratch();
    await using otherStores = openStores(other.path, workers);
    await otherStores.layers.unpack(base.diffId, sourceOf(base.bytes), { signal: never });
    await otherStores.layers.unpack(diffId, sourceOf(tar), { signal: never });
    const names: string[] = [];
    await adoptChanges(otherStores, other.path, [base.diffId, diffId], (root) => {
      for (const name of fs.readdirSync(root, { recursive: true }) as string[]) names.push(name);
    });
    assert.deepEqual(names.sort(), ['dir', 'dir/c', 'keep', 'link', 'new', 'new2']);
  });

  it('has the same digest twice when its times are limited, and is kept once', async () => {
    await using scratch = makeScratch();
    await using stores = openStores(scratch.path, workers);
    const change = (root: string): void => {
      fs.mkdirSync(path.join(root, 'a'));
      fs.writeFileSync(path.join(root, 'a/b'), 'text');
      fs.utimesSync(path.join(root, 'a/b'), 1000, 1000);
      fs.symlinkSync('b', path.join(root, 'a/l'));
    };
    const first = await adoptChanges(stores, scratch.path, [], change, 2000);
    const second = await adoptChanges(stores, scratch.path, [], change, 2000);
    assert.equal(first.diffId, second.diffId);
    assert.deepEqual(stores.layers.list(), [first.diffId]);
    const files = stores.layers.directoryOf(first.diffId);
    assert.equal(fs.statSync(path.join(files, 'a/b')).mtimeMs, 1_000_000);
    assert.equal(fs.statSync(path.join(files, 'a')).mtimeMs, 2_000_000);
    assert.equal(fs.lstatSync(path.join(files, 'a/l')).mtimeMs, 2_000_000);
    await exported(stores, first.diffId);
    assert.equal(await stores.layers.verify(first.diffId, { mend: false, signal: never }), undefined);
  });
});
