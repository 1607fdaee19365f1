import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readTar } from '#archive/read-tar.ts';
import { openTreeView, type TreeView } from '#archive/tree-view.ts';
import { compareTrees } from '#archive/view/changes.ts';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { unmountDetach } from '#sys/mount.ts';
import { mountOverlay, type OverlayMount } from '#sys/overlay.ts';

const workerUrl = new URL('./archive-worker.ts', import.meta.url);
const never = new AbortController().signal;

interface Bench extends Disposable {
  root: string;
  overlay: OverlayMount;
  lower: string;
  volume: string;
  outside: string;
}

function createBench(): Bench {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-view-'));
  const directory = (name: string): string => {
    fs.mkdirSync(path.join(scratch, name));
    return path.join(scratch, name);
  };
  const lower = directory('lower');
  return {
    root: directory('root'),
    lower,
    overlay: {
      lowerDirectories: [lower],
      upperDirectory: directory('upper'),
      workDirectory: directory('work'),
    },
    volume: directory('volume'),
    outside: directory('outside'),
    [Symbol.dispose]: () => fs.rmSync(scratch, { recursive: true }),
  };
}

function openView({ root, overlay }: Bench, binds: Parameters<typeof openTreeView>[1]['binds'] = []) {
  return openTreeView(workerUrl, { root, overlay, binds });
}

async function* archiveOf(files: Record<string, string | null>): AsyncGenerator<Buffer> {
  for (const [name, content] of Object.entries(files)) {
    const type = content === null ? 'directory' : 'file';
    const sizeBytes = Buffer.byteLength(content ?? '');
    yield tarHeader({ type, name, sizeBytes, mode: 0o755, uid: 7, gid: 8 });
    yield Buffer.concat([Buffer.from(content ?? ''), tarPadding(sizeBytes)]);
  }
  yield tarTrailer();
}

async function packed(view: TreeView, from: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const pieces = view.pack({ path: from, name: 'x', whiteouts: 'literal' }, never);
  for await (const { header, body } of readTar(pieces)) {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    files[header.name] = Buffer.concat(parts).toString();
  }
  return files;
}

test('the view shows image, writable layer and volumes, and the host sees none of its mounts', async () => {
  using bench = createBench();
  fs.mkdirSync(`${bench.lower}/data`);
  fs.writeFileSync(`${bench.lower}/image-file`, 'from the image');
  fs.writeFileSync(`${bench.overlay.upperDirectory}/own-file`, 'from the container');
  fs.writeFileSync(`${bench.volume}/volume-file`, 'from the volume');
  await using view = await openView(bench, [{ source: bench.volume, target: '/data', readonly: false }]);
  assert.deepEqual(await packed(view, '/image-file'), { x: 'from the image' });
  assert.deepEqual(await packed(view, '/own-file'), { x: 'from the container' });
  assert.deepEqual(await packed(view, '/data'), { 'x/': '', 'x/volume-file': 'from the volume' });
  assert.ok(!fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(bench.root));
});

test('links stay inside, also those in a target’s way', async () => {
  using bench = createBench();
  fs.writeFileSync(`${bench.outside}/secret`, 'secret');
  fs.symlinkSync(bench.outside, `${bench.lower}/out`);
  fs.mkdirSync(`${bench.lower}/real`);
  fs.symlinkSync('/real', `${bench.lower}/link`);
  fs.writeFileSync(`${bench.volume}/file`, 'volume');
  await using view = await openView(bench, [
    { source: bench.volume, target: '/link', readonly: false },
    { source: bench.volume, target: '/not/yet/there', readonly: false },
  ]);
  await assert.rejects(view.stat('/out/secret'), { kind: 'NotFound' });
  await assert.rejects(packed(view, '/out/secret'), { kind: 'NotFound' });
  await assert.rejects(view.unpack('out', archiveOf({ file: 'x' }), { keepTypes: false, signal: never }), {
    kind: 'InvalidParameter',
  });
  assert.deepEqual(fs.readdirSync(bench.outside), ['secret']);
  assert.deepEqual(await packed(view, '/real/file'), { x: 'volume' });
  assert.deepEqual(await packed(view, '/not/yet/there/file'), { x: 'volume' });
});

test('the status of files, of links and of what is not there', async () => {
  using bench = createBench();
  fs.mkdirSync(`${bench.lower}/etc`);
  fs.writeFileSync(`${bench.lower}/etc/file`, 'content');
  fs.symlinkSync('etc', `${bench.lower}/link`);
  fs.symlinkSync('/link/file', `${bench.lower}/far`);
  fs.symlinkSync('../../nowhere', `${bench.lower}/etc/dangling`);
  await using view = await openView(bench);
  const status = await view.stat('/link/file');
  assert.equal(status.sizeBytes, 7);
  assert.equal(status.resolved, 'etc/file');
  assert.equal(status.linkTarget, '');
  assert.equal((await view.stat('far')).linkTarget, '/etc/file');
  assert.equal((await view.stat('/etc/dangling')).linkTarget, '/nowhere');
  assert.equal((await view.stat('/')).resolved, '');
  await assert.rejects(view.stat('/etc/nothing'), { kind: 'NotFound' });
});

test('an archive lands in its directory, for its owner, and respects types and read-only volumes', async () => {
  using bench = createBench();
  fs.mkdirSync(`${bench.lower}/app/dir`, { recursive: true });
  fs.mkdirSync(`${bench.lower}/volume`);
  fs.symlinkSync('/app', `${bench.lower}/link`);
  await using view = await openView(bench, [{ source: bench.volume, target: '/volume', readonly: true }]);
  const { resolved } = await view.stat('/link/.');
  assert.equal(resolved, 'app');
  await view.unpack(resolved, archiveOf({ 'new/': null, 'new/file': 'x' }), {
    keepTypes: true,
    signal: never,
  });
  const own = `${bench.overlay.upperDirectory}/app/new/file`;
  assert.equal(fs.readFileSync(own, 'utf8'), 'x');
  assert.equal(fs.statSync(own).uid, 7);
  const owner = { uid: 100, gid: 200 };
  await view.unpack('app', archiveOf({ owned: 'x' }), { owner, keepTypes: true, signal: never });
  assert.equal(fs.statSync(`${bench.overlay.upperDirectory}/app/owned`).gid, 200);

  const overDirectory = view.unpack('app', archiveOf({ dir: 'x' }), { keepTypes: true, signal: never });
  await assert.rejects(overDirectory, { kind: 'InvalidParameter' });
  const overFile = view.unpack('app', archiveOf({ 'owned/': null }), { keepTypes: true, signal: never });
  await assert.rejects(overFile, { kind: 'InvalidParameter' });
  const readonly = view.unpack('volume', archiveOf({ file: 'x' }), { keepTypes: false, signal: never });
  await assert.rejects(readonly, { kind: 'Forbidden' });
});

test('changes against the layers below', () => {
  using bench = createBench();
  for (const name of ['kept', 'changed', 'deleted', 'becomes-directory']) {
    fs.writeFileSync(`${bench.lower}/${name}`, name);
  }
  fs.mkdirSync(`${bench.lower}/replaced/inner`, { recursive: true });
  fs.writeFileSync(`${bench.lower}/replaced/same-name`, 'old');
  fs.mkdirSync(`${bench.lower}/untouched`);
  mountOverlay(bench.overlay, bench.root);
  try {
    fs.writeFileSync(`${bench.root}/changed`, 'new');
    fs.rmSync(`${bench.root}/deleted`);
    fs.rmSync(`${bench.root}/becomes-directory`);
    fs.mkdirSync(`${bench.root}/becomes-directory`);
    fs.rmSync(`${bench.root}/replaced`, { recursive: true });
    fs.mkdirSync(`${bench.root}/replaced`);
    fs.writeFileSync(`${bench.root}/replaced/same-name`, 'new');
    fs.mkdirSync(`${bench.root}/added/deep`, { recursive: true });
    fs.writeFileSync(`${bench.root}/fleeting`, '');
    fs.rmSync(`${bench.root}/fleeting`);
    // As a runtime does before it mounts.
    fs.mkdirSync(`${bench.root}/dev`);
    fs.mkdirSync(`${bench.root}/untouched/mount`);
    fs.mkdirSync(`${bench.root}/etc`);
    fs.writeFileSync(`${bench.root}/etc/hosts`, '');
    fs.writeFileSync(`${bench.root}/etc/mtab`, 'something');
  } finally {
    unmountDetach(bench.root);
  }
  const changes = compareTrees(
    bench.overlay.upperDirectory ?? '',
    bench.overlay.lowerDirectories,
    new Set(['/dev', '/etc/hosts', '/etc/mtab', '/untouched/mount']),
  );
  assert.deepEqual(
    changes.map(({ kind, path: changed }) => `${kind} ${changed}`),
    [
      'added /added',
      'added /added/deep',
      'modified /becomes-directory',
      'modified /changed',
      'deleted /deleted',
      'added /etc',
      'added /etc/mtab',
      'modified /replaced',
      'deleted /replaced/inner',
      'modified /replaced/same-name',
    ],
  );
});
