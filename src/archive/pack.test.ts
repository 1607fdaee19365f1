import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readTar } from '#archive/read-tar.ts';
import { describeTree } from '#archive/testing/describe-tree.ts';
import { type ArchiveWorkers, createArchiveWorkers, type PackOptions } from '#archive/workers.ts';
import { makeDirectoryAt, makeNodeAt, openDirectoryAt, setTimesAt } from '#sys/file-tree.ts';
import { setXattrAt } from '#sys/xattr.ts';

const never = new AbortController().signal;
const whole: PackOptions = { whiteouts: 'literal', path: '/', name: '' };

interface Bench extends AsyncDisposable {
  workers: ArchiveWorkers;
  directory(name: string): string;
}

function createBench(): Bench {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-pack-'));
  const workers = createArchiveWorkers({
    workerUrl: new URL('./archive-worker.ts', import.meta.url),
    count: 2,
  });
  return {
    workers,
    directory(name) {
      const directory = path.join(scratch, name);
      fs.mkdirSync(directory);
      return directory;
    },
    async [Symbol.asyncDispose]() {
      await workers[Symbol.asyncDispose]();
      fs.rmSync(scratch, { recursive: true });
    },
  };
}

/** One of everything that a file system holds. */
function makeTree(root: string): void {
  fs.mkdirSync(`${root}/sub/deep`, { recursive: true, mode: 0o750 });
  fs.writeFileSync(`${root}/sub/file`, 'content');
  fs.linkSync(`${root}/sub/file`, `${root}/sub/link`);
  fs.writeFileSync(`${root}/big`, Buffer.alloc(700_001, 7));
  fs.writeFileSync(`${root}/empty`, '');
  fs.writeFileSync(`${root}/${'long'.repeat(60)}`, 'x');
  fs.writeFileSync(Buffer.from(`${root}/not-utf8-\xff`, 'latin1'), 'x');
  fs.symlinkSync('/etc/passwd', `${root}/symlink`);
  fs.chmodSync(`${root}/empty`, 0o4755);
  fs.lchownSync(`${root}/symlink`, 12, 34);
  fs.chownSync(`${root}/big`, 3_000_000, 7);
  const fd = openDirectoryAt(-100, root);
  makeNodeAt(fd, 'fifo', fs.constants.S_IFIFO | 0o600, { major: 0, minor: 0 });
  makeNodeAt(fd, 'null', fs.constants.S_IFCHR | 0o666, { major: 1, minor: 3 });
  setXattrAt(fd, 'big', 'user.note', Buffer.from('kept'));
  setTimesAt(fd, 'empty', { seconds: 1_234_567_890, nanoseconds: 123_456_789 });
  fs.closeSync(fd);
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

async function* piecesOf(archive: Buffer): AsyncGenerator<Uint8Array> {
  yield archive;
}

async function namesOf(archive: Buffer): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of readTar(piecesOf(archive))) names.push(entry.header.name);
  return names;
}

test('what is packed and unpacked is the same tree', async () => {
  await using bench = createBench();
  const from = bench.directory('from');
  const to = bench.directory('to');
  makeTree(from);
  await bench.workers.unpack(to, bench.workers.pack(from, { ...whole, name: './' }, never), {
    whiteouts: 'literal',
    signal: never,
  });
  assert.deepEqual(describeTree(to), describeTree(from));
});

test('the same tree gives the same bytes', async () => {
  await using bench = createBench();
  const from = bench.directory('from');
  makeTree(from);
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const first = await bytesOf(bench.workers.pack(from, whole, never));
  assert.equal(hash(await bytesOf(bench.workers.pack(from, whole, never))), hash(first));
});

test('a part of the tree, under another name', async () => {
  await using bench = createBench();
  const from = bench.directory('from');
  makeTree(from);
  const pack = (change: Partial<PackOptions>): Promise<Buffer> =>
    bytesOf(bench.workers.pack(from, { ...whole, ...change }, never));
  const sub = ['new/', 'new/deep/', 'new/file', 'new/link'];
  assert.deepEqual(await namesOf(await pack({ path: '/sub', name: 'new' })), sub);
  assert.deepEqual(await namesOf(await pack({ path: 'sub/', name: 'new/' })), sub);
  assert.deepEqual(await namesOf(await pack({ path: '/sub/.', name: '' })), ['deep/', 'file', 'link']);
  assert.deepEqual(await namesOf(await pack({ path: '/sub/file', name: 'one' })), ['one']);
  assert.deepEqual(await namesOf(await pack({ path: '/symlink', name: 'symlink' })), ['symlink']);
});

test('a path that leads out by links stays inside', async () => {
  await using bench = createBench();
  const from = bench.directory('from');
  const outside = bench.directory('outside');
  fs.writeFileSync(`${outside}/secret`, 'secret');
  fs.symlinkSync(outside, `${from}/out`);
  fs.symlinkSync('../../../../../../..', `${from}/up`);
  for (const name of [`/out/secret`, `/up${outside}/secret`, `../outside/secret`]) {
    const packing = bytesOf(bench.workers.pack(from, { ...whole, path: name, name: 'x' }, never));
    await assert.rejects(packing, { kind: 'NotFound' });
  }
});

test('whiteouts and opaque directories become those of OCI, and back', async () => {
  await using bench = createBench();
  const upper = bench.directory('upper');
  const copy = bench.directory('copy');
  const fd = openDirectoryAt(-100, upper);
  makeNodeAt(fd, 'gone', fs.constants.S_IFCHR, { major: 0, minor: 0 });
  makeDirectoryAt(fd, 'opaque', 0o755);
  setXattrAt(fd, 'opaque', 'trusted.overlay.opaque', Buffer.from('y'));
  setXattrAt(fd, 'opaque', 'trusted.overlay.impure', Buffer.from('y'));
  fs.writeFileSync(`${upper}/opaque/new`, 'new');
  makeNodeAt(openDirectoryAt(fd, 'opaque'), 'old', fs.constants.S_IFCHR, { major: 0, minor: 0 });
  fs.closeSync(fd);
  const archive = await bytesOf(bench.workers.pack(upper, { ...whole, whiteouts: 'overlay' }, never));
  assert.deepEqual(await namesOf(archive), [
    '.wh.gone',
    'opaque/',
    'opaque/.wh..wh..opq',
    'opaque/new',
    'opaque/.wh.old',
  ]);
  await bench.workers.unpack(copy, piecesOf(archive), { whiteouts: 'overlay', signal: never });
  const seen = describeTree(copy, { times: false }).filter((line) => /gone|opaque/.test(line));
  assert.match(seen.join('\n'), /^\/gone 20\d+ 0:0 0\/0\n\/opaque .*trusted.overlay.opaque=79/);
  assert.doesNotMatch(seen.join('\n'), /impure/);
});

test('sockets are left out', async () => {
  await using bench = createBench();
  const from = bench.directory('from');
  const fd = openDirectoryAt(-100, from);
  makeNodeAt(fd, 'socket', fs.constants.S_IFSOCK | 0o600, { major: 0, minor: 0 });
  fs.closeSync(fd);
  fs.writeFileSync(`${from}/file`, '');
  assert.deepEqual(await namesOf(await bytesOf(bench.workers.pack(from, whole, never))), ['file']);
});

test('a reader that leaves or is told to stop frees its thread', async () => {
  await using bench = createBench();
  const from = bench.directory('from');
  fs.writeFileSync(`${from}/big`, Buffer.alloc(8 * 1024 * 1024));
  for (let round = 0; round < 20; round++) {
    for await (const piece of bench.workers.pack(from, whole, never)) {
      assert.ok(piece.length > 0);
      break;
    }
  }
  const stop = new AbortController();
  const reading = (async () => {
    for await (const _piece of bench.workers.pack(from, whole, stop.signal)) stop.abort(new Error('enough'));
  })();
  await assert.rejects(reading, /enough/);
  assert.ok((await bytesOf(bench.workers.pack(from, whole, never))).length > 8 * 1024 * 1024);
});
