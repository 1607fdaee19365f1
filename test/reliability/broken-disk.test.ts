import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../support/cli.ts';
import { outputOf } from '../support/command.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { createLoopFileSystem, type LoopFileSystem } from '../support/loop-file-system.ts';
import { pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

/** A file system in a file that its own file system has no room for: writes succeed, and fail when the kernel brings them to the disk. */
describe('a disk that takes no more', () => {
  let below: string;
  let disk: LoopFileSystem;
  let registry: Registry;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    below = fs.mkdtempSync('/tmp/dhow-test-disk-');
    await outputOf('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', below]);
    disk = await createLoopFileSystem('ext4', 256, below);
    registry = await startRegistry();
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
    await outputOf('sync', ['-f', disk.directory]);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
    await outputOf('umount', [below]);
    fs.rmdirSync(below);
  });

  it('is named by a pull, whose layers the next daemon has not got, and all else is there', async () => {
    const files = { noise: randomBytes(15_000_000).toString('base64') };
    await pushImage(registry, 'large', { format: 'oci', compression: 'gzip', files }, 'v1');
    const pull = ['pull', '-q', `${registry.address}/large:v1`] as const;
    const filler = path.join(below, 'filler');
    await outputOf('sh', ['-c', `cat /dev/zero > ${filler} 2>/dev/null || true`]);
    const { code, stderr } = await docker.run(pull, { timeoutMs: 120_000 });
    assert.notEqual(code, 0);
    assert.match(stderr, /to disk|read-only|EIO|i\/o error/i);

    fs.rmSync(filler);
    await daemon.kill9();
    await disk.repair();
    await daemon.start();
    assert.equal(await docker.out('ps', '-a', '--format', '{{.Names}}'), 'ended');
    assert.equal(await docker.out('run', '--rm', '-v', 'kept:/data', 'busybox', 'cat', '/data/file'), 'kept');
    await docker.out(...pull);
    assert.equal(await docker.out('run', '--rm', pull[2], 'stat', '-c', '%s', '/noise'), '20000000');
    assert.equal(await daemon.cli('dhow').out('system', 'check'), 'Everything is as it should be.');
  });
});
