import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../support/cli.ts';
import { outputOf } from '../support/command.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

describe('a disk that does not sync', {
  skip: fs.existsSync('/usr/bin/gcc') ? false : 'gcc is not installed',
}, () => {
  let directory: string;
  let control: string;
  let registry: Registry;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    directory = fs.mkdtempSync('/tmp/dhow-test-sync-');
    control = path.join(directory, 'fails');
    const library = path.join(directory, 'failing-sync.so');
    await outputOf('gcc', [
      '-shared',
      '-fPIC',
      '-o',
      library,
      path.join(import.meta.dirname, 'failing-sync.c'),
    ]);
    registry = await startRegistry();
    daemon = await startDaemon({ environment: { LD_PRELOAD: library, DHOW_SYNC_FAILS: control } });
    docker = daemon.cli('docker');
    await importBase(daemon);
    await docker.out('run', '-d', '--name', 'before', '-v', 'kept:/data', 'busybox', 'sleep', '1000');
    await docker.out('exec', 'before', 'sh', '-c', 'echo kept > /data/file');
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  async function remotePull(repository: string): Promise<string[]> {
    await pushImage(
      registry,
      repository,
      { format: 'oci', compression: 'gzip', files: { [repository]: 'x' } },
      'v1',
    );
    return ['pull', '-q', `${registry.address}/${repository}:v1`];
  }

  it('is told instead of a promise, and what runs goes on', async () => {
    const pull = await remotePull('unsynced');
    fs.writeFileSync(control, '');
    for (const request of [
      ['create', '--name', 'refused', 'busybox'],
      ['volume', 'create', 'refused'],
      ['network', 'create', 'refused'],
      ['tag', 'busybox', 'refused'],
      pull,
    ]) {
      const { code, stderr } = await docker.run(request);
      assert.notEqual(code, 0, request.join(' '));
      assert.match(stderr, /to disk/, request.join(' '));
    }
    assert.equal(await docker.out('exec', 'before', 'cat', '/data/file'), 'kept');
    assert.equal(await docker.out('ps', '-a', '--format', '{{.Names}}'), 'before');
    assert.doesNotMatch(await docker.out('network', 'ls'), /refused/);
  });

  it('when it works again nothing that is promised is in memory only', async () => {
    fs.rmSync(control);
    await docker.out('volume', 'create', 'promised');
    // The log, whose pages the kernel took for written, was written anew.
    const log = fs.statSync(path.join(daemon.dataRoot, 'dhow.db-wal')).size;
    const database = fs.readFileSync(path.join(daemon.dataRoot, 'dhow.db'));
    assert.ok(log < database.length, `${log} bytes of log`);
    assert.ok(database.includes('refused'), 'what was committed before is in the database');
    const pull = await remotePull('synced');
    await docker.out(...(pull as [string, ...string[]]));
    await daemon.kill9();
    await daemon.start();
    assert.equal(await docker.out('exec', 'before', 'cat', '/data/file'), 'kept');
    assert.equal(await docker.out('volume', 'inspect', '--format', '{{.Name}}', 'promised'), 'promised');
    assert.equal(await daemon.cli('dhow').out('system', 'check'), 'Everything is as it should be.');
  });
});
