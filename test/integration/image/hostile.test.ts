import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { describeTree } from '#archive/testing/describe-tree.ts';
import { hostileArchives } from '#archive/testing/hostile-corpus.ts';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { sparseBomb } from '#build/testing/context-fixture.ts';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { waitFor } from '../../support/wait-for.ts';
import { storeFiles } from './store-files.ts';

let daemon: Daemon;
let dhow: Cli;
let outside = '';
before(async () => {
  daemon = await startDaemon();
  dhow = daemon.cli('dhow');
  outside = path.join(daemon.directory, 'outside');
  fs.mkdirSync(outside, { mode: 0o700 });
  fs.writeFileSync(path.join(outside, 'secret'), 'secret', { mode: 0o600 });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** The daemon's bound is far above what a test can send: bombs that are only large are the archive room's tests. */
const archives = hostileArchives.filter(({ name }) => !name.includes('bomb'));

/** An archive of `docker save` whose only layer is this file. */
function imageArchive(layer: Buffer): Buffer {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] },
  });
  const manifest = JSON.stringify([
    { Config: 'config.json', RepoTags: ['hostile:v1'], Layers: ['layer.tar'] },
  ]);
  const files: [string, Buffer][] = [
    ['manifest.json', Buffer.from(manifest)],
    ['config.json', Buffer.from(config)],
    ['layer.tar', layer],
  ];
  const parts = files.flatMap(([name, bytes]) => [
    tarHeader({ type: 'file', name, mode: 0o644, sizeBytes: bytes.length }),
    bytes,
    tarPadding(bytes.length),
  ]);
  return Buffer.concat([...parts, tarTrailer()]);
}

describe('the daemon', () => {
  for (const { name, bytes, expected } of archives) {
    it(`is not moved by ${name}`, async () => {
      const before = { outside: describeTree(outside), store: storeFiles(daemon.dataRoot) };
      const file = path.join(daemon.directory, 'hostile.tar');
      fs.writeFileSync(file, bytes(outside));
      const imported = await dhow.run(['import', file, 'hostile:v1'], { timeoutMs: 60_000 });
      assert.equal(imported.code === 0 ? 'contained' : 'refused', expected, imported.stderr);
      if (imported.code === 0) await dhow.out('rmi', 'hostile:v1');
      else
        assert.match(
          imported.stderr,
          /Error response from daemon: (malformed|cannot unpack|the archive|the )/,
        );

      fs.writeFileSync(file, imageArchive(bytes(outside)));
      const loaded = await dhow.run(['load', '-i', file], { timeoutMs: 60_000 });
      assert.notEqual(loaded.code, 0, 'its digest is wrong in any case');
      fs.rmSync(file);

      assert.deepEqual(describeTree(outside), before.outside);
      await waitFor('its remains to go', () => {
        return JSON.stringify(storeFiles(daemon.dataRoot)) === JSON.stringify(before.store);
      });
    });
  }

  it('takes no image archive with a file that is larger than its bound, holes included', async () => {
    const stored = storeFiles(daemon.dataRoot);
    const { code, stderr } = await dhow.run(['load'], { input: sparseBomb(), timeoutMs: 60_000 });
    assert.equal(code, 1);
    assert.match(stderr, /more than 274877906944 bytes of content/);
    assert.deepEqual(storeFiles(daemon.dataRoot), stored);
  });

  it('still answers', async () => {
    assert.match(await dhow.out('version', '--format', '{{.Server.Version}}'), /^\d/);
  });
});
