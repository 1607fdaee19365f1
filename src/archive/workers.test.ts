import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { archiveOf, inChunks, type TestEntry } from '#archive/testing/archive-bytes.ts';
import { describeTree } from '#archive/testing/describe-tree.ts';
import { createArchiveWorkers, type Unpacked } from '#archive/workers.ts';
import { setXattrAt } from '#sys/xattr.ts';

const workers = createArchiveWorkers({
  workerUrl: new URL('./archive-worker.ts', import.meta.url),
  count: 2,
});
const never = new AbortController().signal;

function scratch(): Disposable & { path: string } {
  const directory = fs.mkdtempSync('/tmp/archive-unpack-');
  return { path: directory, [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }) };
}

function unpack(bytes: Uint8Array, directory: string): Promise<Unpacked> {
  return workers.unpack(directory, inChunks(bytes), { whiteouts: 'overlay', signal: never });
}

after(() => workers[Symbol.asyncDispose]());

/** A tree with everything that tar can carry. */
function makeTree(directory: string): void {
  const at = (name: string): string => path.join(directory, name);
  fs.mkdirSync(at('bin'));
  fs.mkdirSync(at('deep/er'), { recursive: true });
  for (let i = 0; i < 100; i++) fs.writeFileSync(at(`deep/er/file-${i}`), Buffer.alloc(i * 37, i));
  fs.writeFileSync(at('bin/su'), 'program');
  fs.chownSync(at('bin/su'), 0, 70_000);
  fs.chmodSync(at('bin/su'), 0o4750);
  fs.writeFileSync(at('bin/ping'), 'ping');
  fs.linkSync(at('bin/su'), at('bin/alias'));
  fs.symlinkSync('/etc/passwd', at('absolute'));
  fs.lchownSync(at('absolute'), 12, 34);
  fs.symlinkSync('nowhere', at('dangling'));
  fs.mkdirSync(at('sticky'));
  fs.chmodSync(at('sticky'), 0o3777);
  fs.writeFileSync(at('Größe'), 'utf-8');
  fs.writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0x61, 0xff])]), 'bytes');
  const sparse = fs.openSync(at('sparse'), 'w');
  fs.writeSync(sparse, 'end', 5_000_000);
  fs.ftruncateSync(sparse, 9_000_000);
  fs.closeSync(sparse);
  for (const [name, ...arguments_] of [
    ['null', 'c', '1', '3'],
    ['disk', 'b', '259', '70000'],
    ['pipe', 'p'],
  ] as const) {
    execFileSync('mknod', [at(name), ...arguments_]);
  }
  const root = fs.openSync(directory, 'r');
  // Capability cap_net_raw+ep, as vfs_cap_data version 2 keeps it.
  setXattrAt(
    root,
    'bin/ping',
    'security.capability',
    Buffer.from('0100000200200000000000000000000000000000', 'hex'),
  );
  setXattrAt(root, 'bin', 'user.note', Buffer.from([0, 1, 2]));
  setXattrAt(root, 'dangling', 'trusted.note', Buffer.from('on a symlink'));
  fs.closeSync(root);
  fs.utimesSync(at('bin'), 1_000_000_000.25, 1_000_000_000.125);
  fs.utimesSync(at('bin/ping'), 1, -1.5);
}

describe('unpack', () => {
  const xattrs = ['--xattrs', '--xattrs-include=*'];
  for (const options of [
    ['--format=pax', ...xattrs],
    ['--format=pax', '--sparse', ...xattrs],
    ['--format=gnu', '--sparse'],
    ['--format=oldgnu'],
  ]) {
    it(`makes the same tree as GNU tar from ${options.join(' ')}`, async () => {
      using directory = scratch();
      const [tree = '', theirs = '', ours = ''] = ['tree', 'theirs', 'ours'].map((name) => {
        fs.mkdirSync(path.join(directory.path, name));
        return path.join(directory.path, name);
      });
      makeTree(tree);
      const bytes = execFileSync('tar', [...options, '-C', tree, '-c', '.'], { maxBuffer: 1 << 26 });
      execFileSync('tar', ['-x', '-p', '--numeric-owner', ...xattrs, '-C', theirs], { input: bytes });
      const result = await unpack(bytes, ours);
      assert.deepEqual(describeTree(ours), describeTree(theirs));
      assert.equal(result.sha256, createHash('sha256').update(bytes).digest('hex'));
    });
  }

  const entries: TestEntry[] = [
    { type: 'directory', name: 'd', mode: 0o755 },
    { type: 'file', name: 'd/f', content: 'x'.repeat(300_000), mode: 0o644 },
  ];
  for (const { name, bytes } of [
    { name: 'gzip', bytes: zlib.gzipSync(archiveOf(entries)) },
    { name: 'zstd', bytes: zlib.zstdCompressSync(archiveOf(entries)) },
    { name: 'no compression', bytes: archiveOf(entries) },
  ]) {
    it(`hashes the uncompressed archive and tells its progress in bytes of the source, with ${name}`, async () => {
      using directory = scratch();
      let progress = 0;
      const result = await workers.unpack(directory.path, inChunks(bytes), {
        whiteouts: 'overlay',
        onProgress: (sourceBytes) => {
          progress = sourceBytes;
        },
        signal: never,
      });
      const sha256 = createHash('sha256').update(archiveOf(entries)).digest('hex');
      assert.deepEqual(result, {
        sha256,
        contentBytes: 300_000,
        archiveBytes: archiveOf(entries).length,
        opaqueRoot: false,
      });
      assert.equal(progress, bytes.length);
      assert.equal(fs.readFileSync(path.join(directory.path, 'd/f'), 'utf8'), 'x'.repeat(300_000));
    });
  }

  it('reads uncompressed archives in pieces of any size', async () => {
    const bytes = archiveOf(
      Array.from({ length: 40 }, (_, i) => ({
        type: 'file' as const,
        name: `${'long'.repeat(40)}/${i}`,
        content: 'c'.repeat(i * 13),
        xattrs: new Map([['user.i', Buffer.from(String(i))]]),
      })),
    );
    using whole = scratch();
    await unpack(bytes, whole.path);
    const expected = describeTree(whole.path);
    for (const size of [7, 500, 513]) {
      using pieces = scratch();
      await workers.unpack(pieces.path, inChunks(bytes, size), { whiteouts: 'overlay', signal: never });
      assert.deepEqual(
        describeTree(pieces.path, { times: false }),
        describeTree(whole.path, { times: false }),
      );
    }
    assert.equal(expected.length, 42);
  });

  it('stops when asked, closing the source', async () => {
    using directory = scratch();
    const controller = new AbortController();
    let closed = false;
    async function* endless() {
      try {
        yield archiveOf(entries).subarray(0, 1024);
        for (;;) yield Buffer.alloc(1 << 16, 1);
      } finally {
        closed = true;
      }
    }
    const promise = workers.unpack(directory.path, endless(), {
      whiteouts: 'overlay',
      onProgress: () => controller.abort(new Error('enough')),
      signal: controller.signal,
    });
    await assert.rejects(promise, { message: 'enough' });
    while (!closed) await new Promise(setImmediate);
  });

  it('passes on what the source throws', async () => {
    using directory = scratch();
    async function* broken() {
      yield zlib.gzipSync(archiveOf(entries)).subarray(0, 100);
      throw new Error('connection lost');
    }
    const promise = workers.unpack(directory.path, broken(), { whiteouts: 'overlay', signal: never });
    await assert.rejects(promise, { message: 'connection lost' });
  });

  it('refuses more than the most bytes allowed', async () => {
    using directory = scratch();
    const bytes = zlib.gzipSync(archiveOf(entries));
    const promise = workers.unpack(directory.path, inChunks(bytes), {
      whiteouts: 'overlay',
      maxBytes: 100_000,
      signal: never,
    });
    await assert.rejects(promise, { kind: 'ResourceExhausted' });
  });

  it('runs more jobs than it has threads', async () => {
    using directory = scratch();
    const jobs = Array.from({ length: 6 }, async (_, i) => {
      const target = path.join(directory.path, String(i));
      fs.mkdirSync(target);
      await unpack(archiveOf(entries), target);
      return fs.readdirSync(target);
    });
    assert.deepEqual(await Promise.all(jobs), Array(6).fill(['d']));
  });
});

describe('removeTree', () => {
  for (const isLarge of [false, true]) {
    it(`removes a tree deeper than any path can name, and nothing behind symlinks (large: ${isLarge})`, async () => {
      using directory = scratch();
      const outside = path.join(directory.path, 'outside');
      fs.writeFileSync(outside, 'stays');
      const tree = path.join(directory.path, 'tree');
      fs.mkdirSync(tree);
      fs.symlinkSync(directory.path, path.join(tree, 'link'));
      // Built from below: a directory is moved into a new one, again and again.
      let inner = path.join(directory.path, 'inner');
      fs.mkdirSync(inner);
      for (let depth = 0; depth < 3000; depth++) {
        const outer = path.join(directory.path, `outer-${depth % 2}`);
        fs.mkdirSync(outer);
        fs.writeFileSync(path.join(outer, 'file'), '');
        fs.renameSync(inner, path.join(outer, 'directory'));
        inner = outer;
      }
      fs.renameSync(inner, path.join(tree, 'deep'));
      await workers.removeTree(tree, isLarge);
      assert.deepEqual(fs.readdirSync(directory.path), ['outside']);
    });
  }

  it('removes a large tree by several threads', async () => {
    using directory = scratch();
    const tree = path.join(directory.path, 'tree');
    for (const [index, count] of [0, 1, 2, 50, 3000].entries()) {
      const inner = path.join(tree, `d${index}`, 'inner', 'most');
      fs.mkdirSync(inner, { recursive: true });
      for (let file = 0; file < count; file++) fs.writeFileSync(path.join(inner, `f${file}`), '');
      for (let child = 0; child < count; child++) fs.mkdirSync(path.join(tree, `d${index}`, `c${child}`));
    }
    await workers.removeTree(tree, true);
    assert.deepEqual(fs.readdirSync(directory.path), []);
  });

  it('says why a large tree cannot be removed', async () => {
    await assert.rejects(workers.removeTree('/proc/self/fdinfo', true), { kind: 'Internal' });
  });

  it('removes a file, and takes what is absent', async () => {
    using directory = scratch();
    const file = path.join(directory.path, 'file');
    fs.writeFileSync(file, '');
    await workers.removeTree(file);
    await workers.removeTree(file);
    fs.writeFileSync(file, '');
    await workers.removeTree(file, true);
    await workers.removeTree(file, true);
    assert.deepEqual(fs.readdirSync(directory.path), []);
  });
});
