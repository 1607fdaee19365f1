import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { ContextTree } from '#build/context/context-tree.ts';
import { type ReceivedContext, receiveContext } from '#build/context/receive-context.ts';
import { digestEntries } from '#build/copy/digest-entries.ts';
import { newDirectory } from '#build/copy/new-directory.ts';
import { inPieces, makeTar, sparseBomb } from '#build/testing/context-fixture.ts';

const never = new AbortController().signal;

describe('a received context', () => {
  let directory: string;
  before(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-context-'));
  });
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  const receive = (files: Record<string, string>, mode?: number): Promise<ReceivedContext> =>
    receiveContext(inPieces(makeTar(files, mode)), directory, never);
  const names = async ({ tree }: ReceivedContext, below = ''): Promise<string[]> => {
    const found: string[] = [];
    for await (const { name } of tree.entries(below, never)) found.push(name);
    return found;
  };

  it('has its names in memory and its content in a file without a name', async () => {
    await using context = await receive({ 'b/': '', 'b/two': '2'.repeat(5000), a: '1', 'c/deep/three': '3' });
    assert.deepEqual(fs.readdirSync(directory), []);
    assert.deepEqual(await names(context), ['', 'a', 'b', 'b/two', 'c', 'c/deep', 'c/deep/three']);
    assert.deepEqual(await names(context, 'c'), ['', 'deep', 'deep/three']);
    assert.equal((await context.tree.read('b/two', 10_000))?.toString(), '2'.repeat(5000));
    await assert.rejects(context.tree.read('b/two', 10), { kind: 'InvalidParameter' });
    assert.equal(await context.tree.read('none', 10), undefined);
    assert.equal(context.sizeBytes, 5002);
  });

  it('may be compressed', async () => {
    const bytes = zlib.gzipSync(makeTar({ a: 'text' }));
    await using context = await receiveContext(inPieces(bytes, 7), directory, never);
    assert.equal((await context.tree.read('a', 10))?.toString(), 'text');
  });

  it('belongs to root, whoever packed it', async () => {
    await using context = await receive({ a: '1' });
    for await (const { header } of context.tree.entries('a', never))
      assert.deepEqual([header.uid, header.gid], [0, 0]);
  });

  it('resolves links inside of itself, and nowhere else', async () => {
    await using context = await receive({
      'dir/file': 'x',
      'dir/up': '-> ../top',
      top: 't',
      absolute: '-> /dir/file',
      outside: '-> ../../../dir/file',
      chain: '-> absolute',
      directory: '-> dir',
      loop: '-> loop',
      dangling: '-> nowhere',
    });
    const find = async (name: string) => (await context.tree.find(name))?.path;
    assert.equal(await find('dir/up'), 'top');
    assert.equal(await find('absolute'), 'dir/file');
    assert.equal(await find('outside'), 'dir/file');
    assert.equal(await find('chain'), 'dir/file');
    assert.equal(await find('directory/file'), 'dir/file');
    assert.equal(await find('../../dir/file'), 'dir/file');
    assert.equal(await find('loop'), undefined);
    assert.equal(await find('dangling'), undefined);
    assert.equal(await find('dir/file/below'), undefined);
  });

  it('is refused when a few bytes stand for more than any disk has', async () => {
    await assert.rejects(receiveContext(inPieces(sparseBomb()), directory, never), {
      kind: 'ResourceExhausted',
    });
    assert.deepEqual(fs.readdirSync(directory), []);
  });

  it('keeps names inside, whatever the archive says', async () => {
    await using context = await receive({ '../../etc/passwd': 'x', '/abs': 'y', 'a/../b': 'z' });
    assert.deepEqual(await names(context), ['', 'abs', 'b', 'etc', 'etc/passwd']);
  });

  it('lets later entries replace earlier ones', async () => {
    await using context = await receive({ a: 'file', 'a/b': 'below', c: '1', './c': '2' });
    assert.deepEqual(await names(context), ['', 'a', 'a/b', 'c']);
    assert.equal((await context.tree.read('c', 9))?.toString(), '2');
  });

  it('knows hard links as the same content, and refuses those to nothing', async () => {
    await using context = await receive({ a: 'shared', b: '=> a' });
    assert.equal((await context.tree.read('b', 9))?.toString(), 'shared');
    await assert.rejects(receive({ b: '=> a' }), { kind: 'InvalidParameter', message: /hard link/ });
  });

  it('has the same digest for the same names, modes and contents, whatever the order and the times', async () => {
    const digest = async (files: Record<string, string>, mode?: number): Promise<string> => {
      await using context = await receive(files, mode);
      return digestEntries(context.tree.entries('', never));
    };
    const reference = await digest({ a: '1', 'd/b': '2' });
    assert.equal(await digest({ 'd/b': '2', a: '1' }), reference);
    assert.notEqual(await digest({ a: '1', 'd/b': '3' }), reference);
    assert.notEqual(await digest({ a: '1', 'd/c': '2' }), reference);
    assert.notEqual(await digest({ a: '1', 'd/b': '2' }, 0o600), reference);
    assert.notEqual(await digest({ a: '-> 1', 'd/b': '2' }), await digest({ a: '-> 2', 'd/b': '2' }));
  });

  it('has a bound that names cannot get round by what they imply', () => {
    const tree = new ContextTree(() => inPieces(Buffer.alloc(0)), 1000);
    const { header } = newDirectory('', { uid: 0, gid: 0 });
    const deep = (name: string): string[] => [name, ...Array.from({ length: 398 }, () => 'd'), 'file'];
    tree.add(deep('one'), header);
    tree.add(deep('two'), header);
    assert.throws(() => tree.add(deep('three'), header), {
      kind: 'InvalidParameter',
      message: /more than 1000 files and directories/,
    });
  });

  it('may be as deep as names can be long', async () => {
    await using context = await receive({ [`${'d/'.repeat(2000)}f`]: '1' });
    const found = await names(context);
    assert.equal(found.length, 2002);
    assert.equal(found.at(-1), `${'d/'.repeat(2000)}f`);
  });

  it('is given up when the build is', async () => {
    const aborted = AbortSignal.abort(new Error('given up'));
    await assert.rejects(receiveContext(inPieces(makeTar({ a: '1' })), directory, aborted), /given up/);
    await assert.rejects(receiveContext(inPieces(Buffer.from('no archive'.repeat(100))), directory, never), {
      kind: 'InvalidParameter',
    });
  });
});
