import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../support/cli.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { createLoopFileSystem, type LoopFileSystem } from '../support/loop-file-system.ts';

describe('a data root that becomes read-only', () => {
  let disk: LoopFileSystem;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    disk = await createLoopFileSystem('ext4', 128);
    daemon = await startDaemon({ dataRoot: path.join(disk.directory, 'data') });
    docker = daemon.cli('docker');
    await importBase(daemon);
    await docker.out(
      'run',
      '--name',
      'ended',
      '-v',
      'kept:/data',
      'busybox',
      'sh',
      '-c',
      'echo kept > /data/file',
    );
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
  });

  it('is named at the start', async () => {
    await daemon.stop();
    await disk.remount('ro');
    await assert.rejects(daemon.start(), /the data root .* cannot be written: .*read-only/);
    await disk.remount('rw');
    await daemon.start();
    assert.equal(await docker.out('logs', 'ended'), '');
  });

  it('is named by requests, and what can be read is still told', async () => {
    // As the kernel does when it finds the disk broken.
    await disk.remount('abort');
    for (const request of [
      ['create', '--name', 'refused', 'busybox'],
      ['start', 'ended'],
      ['volume', 'create', 'refused'],
      ['network', 'create', 'refused'],
      ['rm', 'ended'],
      ['tag', 'busybox', 'refused'],
    ]) {
      const { code, stderr } = await docker.run(request);
      assert.notEqual(code, 0, request.join(' '));
      assert.match(stderr, /read-?only|disk I\/O error/i, request.join(' '));
    }
    assert.equal(await docker.out('ps', '-a', '--format', '{{.Names}}'), 'ended');
    assert.equal(await docker.out('volume', 'ls', '-q'), 'kept');
    assert.match(await docker.out('images'), /busybox/);
  });

  it('has all that was promised when it has been mended', async () => {
    await daemon.kill9();
    await assert.rejects(daemon.start(), /the data root .* cannot be written/);
    await disk.repair();
    await daemon.start();
    assert.equal(await docker.out('ps', '-a', '--format', '{{.Names}}'), 'ended');
    assert.equal(await docker.out('run', '--rm', '-v', 'kept:/data', 'busybox', 'cat', '/data/file'), 'kept');
    assert.equal(await daemon.cli('dhow').out('system', 'check'), 'Everything is as it should be.');
  });
});
