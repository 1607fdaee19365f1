import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { digestOf, hexOf } from '#image/digest.ts';
import { type ContentStore, createContentStore } from '#store/content.ts';

const never = new AbortController().signal;
const text = Buffer.from('some content '.repeat(1000));
const digest = digestOf(text);
let directory = '';
let store: ContentStore;

beforeEach(() => {
  directory = fs.mkdtempSync('/tmp/store-content-');
  store = createContentStore(directory, () => {});
});

afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const ingestFiles = (): string[] => fs.readdirSync(path.join(directory, 'ingest'));

describe('a blob', () => {
  it('can be stored, read, streamed, listed and removed', async () => {
    assert.equal(await store.put(text), digest);
    assert.ok(store.has(digest));
    assert.equal(store.sizeOf(digest), text.length);
    assert.deepEqual(await store.read(digest, text.length), text);
    assert.deepEqual(Buffer.concat(await Array.fromAsync(store.stream(digest))), text);
    assert.deepEqual(store.list(), [digest]);
    assert.deepEqual(ingestFiles(), []);

    const removing = store.remove(digest);
    assert.equal(store.has(digest), false);
    await removing;
    assert.deepEqual(fs.readdirSync(path.join(directory, 'removed')), []);
    await store.remove(digest);
  });

  it('is there after the store was opened again', async () => {
    await store.put(text);
    assert.deepEqual(await createContentStore(directory, () => {}).read(digest, 1e6), text);
  });

  it('that is absent is NotFound', async () => {
    assert.throws(() => store.sizeOf(digest), { kind: 'NotFound' });
    assert.throws(() => store.stream(digest), { kind: 'NotFound' });
    await assert.rejects(store.read(digest, 1e6), { kind: 'NotFound' });
  });

  it('that was to be read and goes before it was', async () => {
    await store.put(text);
    const [unread, late] = [store.stream(digest), store.stream(digest)];
    await store.remove(digest);
    await unread[Symbol.asyncIterator]().return?.();
    await assert.rejects(Array.fromAsync(late), { kind: 'NotFound' });
  });

  it('that is larger than allowed is refused', async () => {
    await store.put(text);
    await assert.rejects(store.read(digest, 10), { kind: 'InvalidParameter', message: /13000 bytes.* 10$/ });
  });

  it('can be put twice at once', async () => {
    assert.deepEqual(await Promise.all([store.put(text), store.put(text)]), [digest, digest]);
    assert.deepEqual(ingestFiles(), []);
  });
});

describe('an ingest', () => {
  it('is invisible until committed', async () => {
    await using ingest = await store.ingest('ref', never);
    for (let i = 0; i < text.length; i += 100) await ingest.write(text.subarray(i, i + 100));
    assert.equal(store.has(digest), false);
    await ingest.commit({ digest, sizeBytes: text.length });
    assert.deepEqual(await store.read(digest, 1e6), text);
  });

  it('writes more than its buffer in the right order', async () => {
    const large = Buffer.alloc(9_000_000);
    for (let i = 0; i < large.length; i += 4) large.writeUInt32LE(i, i);
    await using ingest = await store.ingest('ref', never);
    await Promise.all(
      Array.from({ length: 900 }, (_, i) => ingest.write(large.subarray(i * 10_000, (i + 1) * 10_000))),
    );
    await ingest.commit({ digest: digestOf(large) });
    assert.ok((await store.read(digestOf(large), 1e7)).equals(large));
  });

  it('resumes where an attempt ended, also in another store', async () => {
    {
      await using ingest = await store.ingest('ref', never);
      assert.equal(ingest.offset, 0);
      await ingest.write(text.subarray(0, 5000));
    }
    await using ingest = await createContentStore(directory, () => {}).ingest('ref', never);
    assert.equal(ingest.offset, 5000);
    await ingest.write(text.subarray(5000));
    await ingest.commit({ digest, sizeBytes: text.length });
    assert.deepEqual(await store.read(digest, 1e6), text);
  });

  it('can restart when its source cannot continue', async () => {
    {
      await using ingest = await store.ingest('ref', never);
      await ingest.write(Buffer.from('something longer and different'.repeat(1000)));
    }
    await using ingest = await store.ingest('ref', never);
    await ingest.restart();
    assert.equal(ingest.offset, 0);
    await ingest.write(text);
    await ingest.commit({ digest });
    assert.deepEqual(await store.read(digest, 1e6), text);
  });

  for (const { name, expected } of [
    { name: 'another digest', expected: { digest: digestOf('other') } },
    { name: 'another size', expected: { digest, sizeBytes: 5 } },
  ]) {
    it(`with ${name} is DataLoss, and nothing of it stays`, async () => {
      await using ingest = await store.ingest('ref', never);
      await ingest.write(text);
      await assert.rejects(ingest.commit(expected), (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'DataLoss');
        assert.ok(error.message.includes(digest) && error.message.includes(expected.digest));
        return true;
      });
      assert.deepEqual(store.list(), []);
      await ingest[Symbol.asyncDispose]();
      assert.deepEqual(ingestFiles(), []);
    });
  }

  it('begins anew after content that was wrong', async () => {
    await using ingest = await store.ingest('ref', never);
    await ingest.write(Buffer.from('wrong'));
    await assert.rejects(ingest.commit({ digest }), { kind: 'DataLoss' });
    assert.equal(ingest.offset, 0);
    await ingest.write(text);
    await ingest.commit({ digest });
    assert.deepEqual(await store.read(digest, text.length), text);
  });

  it('that is discarded leaves nothing', async () => {
    await using ingest = await store.ingest('ref', never);
    await ingest.write(text);
    await ingest.discard();
    assert.deepEqual(ingestFiles(), []);
  });

  it('makes a second one of its ref wait', async () => {
    const order: string[] = [];
    const one = await store.ingest('ref', never);
    const two = store.ingest('ref', never).then(async (ingest) => {
      order.push(`two at ${ingest.offset}`);
      await ingest[Symbol.asyncDispose]();
    });
    await using other = await store.ingest('other', never);
    assert.equal(other.offset, 0);
    await one.write(text);
    order.push('one');
    await one[Symbol.asyncDispose]();
    await two;
    assert.deepEqual(order, ['one', `two at ${text.length}`]);
  });

  it('stops waiting when asked, and the next in line still gets its turn', async () => {
    const one = await store.ingest('ref', never);
    const controller = new AbortController();
    const two = store.ingest('ref', controller.signal);
    const three = store.ingest('ref', never);
    controller.abort(new Error('enough'));
    await assert.rejects(two, { message: 'enough' });
    await one[Symbol.asyncDispose]();
    await (await three)[Symbol.asyncDispose]();
  });

  it('that nobody took up for long is dropped, one in use is not', async () => {
    await using used = await store.ingest('old', never);
    await used.write(text);
    {
      await using ingest = await store.ingest('left', never);
      await ingest.write(text);
    }
    const freed = await store.removeStaleIngests(new Date(Date.now() + 1000));
    assert.equal(freed, text.length);
    assert.deepEqual(ingestFiles(), [hexOf(digestOf('old'))]);
  });
});
