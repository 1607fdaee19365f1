import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../support/cli.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { createLoopFileSystem, type LoopFileSystem } from '../support/loop-file-system.ts';
import { type Ballast, createBallast } from './ballast.ts';

describe('a data root without space', () => {
  let disk: LoopFileSystem;
  let ballast: Ballast;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    disk = await createLoopFileSystem('ext4', 64);
    ballast = createBallast(disk.directory);
    daemon = await startDaemon({ dataRoot: path.join(disk.directory, 'data') });
    docker = daemon.cli('docker');
    await importBase(daemon);
    await docker.out('run', '-d', '--name', 'before', '-v', 'kept:/data', 'busybox', 'sleep', '1000');
    await docker.out('exec', 'before', 'sh', '-c', 'echo kept > /data/file');
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
  });

  it('names the lack, keeps what runs, and works again when there is space', async () => {
    ballast.load();
    const refused: string[] = [];
    for (let index = 0; index < 40 && refused.length === 0; index++) {
      const { code, stderr } = await docker.run([
        'run',
        '--name',
        `full-${index}`,
        '-v',
        '/etc',
        'busybox',
        'true',
      ]);
      if (code !== 0) refused.push(stderr);
    }
    assert.match(refused.join(), /no space left|disk is full|ENOSPC|database or disk is full/i);
    assert.equal(await docker.out('exec', 'before', 'cat', '/data/file'), 'kept');
    assert.match(await docker.out('ps', '-a', '--format', '{{.Names}}'), /^before$/m);
    ballast.drop();
    assert.equal(await docker.out('run', '--rm', 'busybox', 'echo', 'again'), 'again');
  });

  it('a daemon killed without space starts without space', async () => {
    ballast.load();
    await daemon.kill9();
    await daemon.start();
    assert.equal(await docker.out('exec', 'before', 'cat', '/data/file'), 'kept');
    ballast.drop();
    assert.equal(await docker.out('run', '--rm', '-v', 'kept:/data', 'busybox', 'cat', '/data/file'), 'kept');
  });
});

describe('a data root of which ext4 keeps more for itself than a start needs', () => {
  it('names the lack at whatever step of a start it is met', async () => {
    await using disk = await createLoopFileSystem('ext4', 256);
    await using daemon = await startDaemon({ dataRoot: path.join(disk.directory, 'data') });
    const docker = daemon.cli('docker');
    await importBase(daemon);
    const ballast = createBallast(disk.directory);
    const refusals: string[] = [];
    for (let code = 1, spareBytes = 0; code !== 0; spareBytes += 1024) {
      assert.ok(spareBytes < 1024 * 1024, `room for a start: ${refusals.at(-1)}`);
      await docker.out('create', '--name', 'started', 'busybox', 'true');
      ballast.load(spareBytes);
      const result = await docker.run(['start', 'started']);
      code = result.code;
      if (code !== 0) refusals.push(result.stderr);
      ballast.load(4 * 1024 * 1024);
      await docker.out('rm', 'started');
    }
    assert.ok(refusals.length > 0);
    for (const refusal of refusals) assert.match(refusal, /no space left on device/i);
  });
});
