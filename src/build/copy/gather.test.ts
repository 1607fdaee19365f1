import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { createArchiveWorkers } from '#archive/workers.ts';
import { ContextTree } from '#build/context/context-tree.ts';
import { receiveContext } from '#build/context/receive-context.ts';
import { createDiskTree } from '#build/copy/disk-tree.ts';
import { entriesOf, excludeRules, gather } from '#build/copy/gather.ts';
import { newDirectory } from '#build/copy/new-directory.ts';
import { placeGathered } from '#build/copy/place.ts';
import type { SourceTree } from '#build/copy/source-tree.ts';
import { inPieces, makeTar } from '#build/testing/context-fixture.ts';

const never = new AbortController().signal;
const source = { name: 'Dockerfile', lines: ['COPY x y'] };
const range = { start: { line: 1, column: 5 }, end: { line: 1, column: 6 } };
const files = {
  'a/one.txt': '1',
  'a/two.md': '2',
  'a/deep/three.txt': '3',
  'a/loop': '-> ../a',
  'b/four.txt': '4',
  'top.txt': '5',
  link: '-> a/one.txt',
  'odd[name': '6',
  'linked/a': 'x'.repeat(700_000),
  'linked/b': '=> linked/a',
  'linked/c': '=> linked/a',
};

/** Both kinds of trees: the context in memory, and a file system. */
describe('sources of COPY', () => {
  const workers = createArchiveWorkers({
    workerUrl: new URL('../../archive/archive-worker.ts', import.meta.url),
    count: 1,
  });
  const trees = new Map<string, SourceTree>();
  const held = new AsyncDisposableStack();
  before(async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-gather-'));
    held.defer(() => fs.rmSync(directory, { recursive: true, force: true }));
    held.use(workers);
    const context = held.use(await receiveContext(inPieces(makeTar(files)), directory, never));
    trees.set('context', context.tree);
    const root = path.join(directory, 'root');
    fs.mkdirSync(root);
    await workers.unpack(root, inPieces(makeTar(files)), { whiteouts: 'literal', signal: never });
    trees.set('disk', createDiskTree(root, workers));
  });
  after(() => held.disposeAsync());

  for (const kind of ['context', 'disk']) {
    const find = async (written: string, parents = false) => {
      const tree = trees.get(kind) as SourceTree;
      return gather(tree, { source, parents }, { kind: 'path', path: written, range });
    };
    const paths = async (written: string, parents = false): Promise<string[]> =>
      (await find(written, parents)).map(({ path: found, name }) => `${found} as ${name}`);

    it(`${kind}: paths, links and patterns`, async () => {
      assert.deepEqual(await paths('a/one.txt'), ['a/one.txt as one.txt']);
      assert.deepEqual(await paths('./a//../a/one.txt'), ['a/one.txt as one.txt']);
      assert.deepEqual(await paths('/../top.txt'), ['top.txt as top.txt']);
      assert.deepEqual(await paths('link'), ['a/one.txt as link']);
      assert.deepEqual(await paths('a/loop/two.md'), ['a/two.md as two.md']);
      assert.deepEqual(await paths('.'), [' as ']);
      assert.deepEqual(await paths('*/*.txt'), ['a/one.txt as one.txt', 'b/four.txt as four.txt']);
      // Two stars are one, as in Go's filepath.Match; only --parents has them for any depth.
      assert.deepEqual(await paths('**/*.txt'), ['a/one.txt as one.txt', 'b/four.txt as four.txt']);
      assert.deepEqual(await paths('[ab]/?o*'), ['a as loop', 'b/four.txt as four.txt']);
      assert.deepEqual(await paths('odd[[]name'), ['odd[name as odd[name']);
      assert.deepEqual(await paths('none*'), []);
    });

    it(`${kind}: --parents keeps the directories after the pivot`, async () => {
      assert.deepEqual(await paths('a/./deep/three.txt', true), ['a/deep/three.txt as deep/three.txt']);
      assert.deepEqual(await paths('**/*.txt', true), [
        'a/deep/three.txt as a/deep/three.txt',
        'a/one.txt as a/one.txt',
        'b/four.txt as b/four.txt',
        'top.txt as top.txt',
      ]);
      // A pattern may stand before the pivot as well.
      assert.deepEqual(await paths('[ab]/./*.txt', true), ['a/one.txt as one.txt', 'b/four.txt as four.txt']);
      assert.deepEqual(await paths('?/./deep/three.txt', true), ['a/deep/three.txt as deep/three.txt']);
      assert.deepEqual(await paths('a*/./', true), ['a as ']);
      const [found] = await find('a/deep/three.txt', true);
      assert.deepEqual(found?.parents, [
        { path: 'a', name: 'a' },
        { path: 'a/deep', name: 'a/deep' },
      ]);
    });

    it(`${kind}: what is not there is told with the near miss`, async () => {
      await assert.rejects(find('a/oen.txt'), {
        kind: 'NotFound',
        message: /"a\/oen\.txt" is not there; did you mean a\/one\.txt\?/,
      });
      await assert.rejects(find('tpo.txt'), { message: /did you mean top\.txt\?/ });
      await assert.rejects(find('quite/else'), { message: /^Dockerfile:1: "quite\/else" is not there\n/ });
    });

    it(`${kind}: a hard link to what is excluded is the file itself`, async () => {
      const tree = trees.get(kind) as SourceTree;
      const [found] = await find('linked');
      assert.ok(found);
      const read = async (excludes: string[]): Promise<Record<string, string | number>> => {
        const seen: Record<string, string | number> = {};
        for await (const { name, header, body } of entriesOf(
          tree,
          found,
          excludeRules({ excludes }),
          never,
        )) {
          if (header.type === 'directory') continue;
          const content = Buffer.concat(await Array.fromAsync(body()));
          seen[name] = header.type === 'hard-link' ? `=> ${header.linkNameBytes}` : content.length;
        }
        return seen;
      };
      // In a context all names of a file are the same file.
      const link = (to: string): string | number => (kind === 'disk' ? `=> ${to}` : 700_000);
      assert.deepEqual(await read([]), { a: 700_000, b: link('a'), c: link('a') });
      assert.deepEqual(await read(['a']), { b: 700_000, c: link('b') });
      assert.deepEqual(await read(['b']), { a: 700_000, c: link('a') });
    });

    it(`${kind}: --exclude looks from the directory that is copied`, async () => {
      const tree = trees.get(kind) as SourceTree;
      const [found] = await find('a');
      const rules = excludeRules({ excludes: ['*.md', 'deep', '!deep/three.txt'] });
      const names: string[] = [];
      if (found !== undefined)
        for await (const { name } of entriesOf(tree, found, rules, never)) names.push(name);
      assert.deepEqual(names.sort(), ['', 'deep/three.txt', 'loop', 'one.txt']);
    });
  }
});

test('** finds the directories of a context however many there are', async () => {
  const tree = new ContextTree(async function* () {});
  const { header } = newDirectory('', { uid: 0, gid: 0 });
  for (let index = 0; index < 150_000; index++) tree.add(['top', `d${index}`], header);
  const found = await gather(tree, { source, parents: true }, { kind: 'path', path: '**/d1', range });
  assert.deepEqual(
    found.map(({ path: each }) => each),
    ['top/d1'],
  );
});

describe('places of COPY', () => {
  const file = { isDirectory: false, name: 'f' };
  const directory = { isDirectory: true, name: 'd' };
  const step = (destination: string, more = {}) => ({
    destination,
    destinationIsDirectory: destination.endsWith('/'),
    parents: false,
    source,
    range,
    ...more,
  });
  const at = (path: string, kind: 'directory' | 'other' | 'absent') => ({ path, kind, missingParents: [] });

  it('a file takes the destination, or goes into it', () => {
    assert.deepEqual(placeGathered(step('/x'), [file], at('x', 'absent')), ['x']);
    assert.deepEqual(placeGathered(step('/x'), [file], at('x', 'other')), ['x']);
    assert.deepEqual(placeGathered(step('/x'), [file], at('x', 'directory')), ['x/f']);
    assert.deepEqual(placeGathered(step('/x/'), [file], at('x', 'absent')), ['x/f']);
    assert.deepEqual(placeGathered(step('/'), [file], at('', 'directory')), ['f']);
  });

  it('the content of a directory goes into the destination', () => {
    assert.deepEqual(placeGathered(step('/x'), [directory], at('x', 'absent')), ['x']);
    assert.deepEqual(placeGathered(step('/x/'), [directory, file], at('x', 'directory')), ['x', 'x/f']);
  });

  it('a file in the way of a directory, and several sources for a file, are refused', () => {
    assert.throws(() => placeGathered(step('/x'), [directory], at('x', 'other')), /is not a directory/);
    assert.throws(() => placeGathered(step('/x/'), [file], at('x', 'other')), /is not a directory/);
    assert.throws(() => placeGathered(step('/x'), [file, file], at('x', 'absent')), /slash at the end/);
  });
});
