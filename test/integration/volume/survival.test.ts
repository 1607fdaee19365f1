import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('volumes over a restart of the daemon', () => {
  let daemon: Daemon;
  let docker: Cli;
  const volumes = (...names: string[]): string => path.join(daemon.dataRoot, 'volumes', ...names);
  const isMounted = (name: string): boolean =>
    fs.readFileSync('/proc/mounts', 'utf8').includes(` ${volumes(name, '_data')} `);
  before(async () => {
    daemon = await startDaemon();
    docker = daemon.cli('docker');
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('what containers hold stays mounted until the last of them ends', async () => {
    await docker.out('volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'held');
    for (const name of ['one', 'two']) {
      await docker.out('run', '-d', '--name', name, '-v', 'held:/data', 'busybox', 'sleep', '1000');
    }
    await docker.out('exec', 'one', 'sh', '-c', 'echo kept > /data/file');
    const pid = Number(await docker.out('inspect', '--format', '{{.State.Pid}}', 'one'));
    await daemon.kill9();
    process.kill(pid, 'SIGKILL');
    await daemon.start();
    assert.equal(isMounted('held'), true);
    assert.equal(await docker.out('exec', 'two', 'cat', '/data/file'), 'kept');
    await docker.out('stop', '-t', '0', 'two');
    assert.equal(isMounted('held'), false);
    await docker.out('rm', 'one', 'two');
    await docker.out('volume', 'rm', 'held');
  });

  it('what ended without a daemon is unmounted by the next', async () => {
    await docker.out('volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'left');
    await docker.out('run', '-d', '--name', 'ends', '-v', 'left:/data', 'busybox', 'sleep', '1000');
    const pid = Number(await docker.out('inspect', '--format', '{{.State.Pid}}', 'ends'));
    await daemon.kill9();
    process.kill(pid, 'SIGKILL');
    await daemon.start();
    assert.equal(isMounted('left'), false);
    await docker.out('rm', 'ends');
    await docker.out('volume', 'rm', 'left');
  });

  it('a filling that was never complete is begun anew, a complete one is finished', async () => {
    await docker.out('volume', 'create', 'half');
    await docker.out('volume', 'create', 'ready');
    await daemon.kill9();
    fs.mkdirSync(volumes('half', '_fill.part'));
    fs.writeFileSync(volumes('half', '_fill.part', 'piece'), '');
    fs.mkdirSync(volumes('ready', '_fill.ready'), { mode: 0o750 });
    fs.writeFileSync(volumes('ready', '_fill.ready', 'second'), '');
    fs.writeFileSync(volumes('ready', '_data', 'first'), '');
    await daemon.start();
    await waitFor('the fillings to be put in order', () => fs.readdirSync(volumes('ready')).length === 1);
    assert.deepEqual(fs.readdirSync(volumes('half')), ['_data']);
    assert.deepEqual(fs.readdirSync(volumes('ready', '_data')), ['first', 'second']);
    assert.equal(fs.statSync(volumes('ready', '_data')).mode & 0o777, 0o750);
    const etc = await docker.out('run', '--rm', '-v', 'half:/etc', 'busybox', 'ls', '/etc');
    assert.match(etc, /passwd/);
    await docker.out('volume', 'rm', 'half', 'ready');
  });

  it('a directory that no row knows is kept when it has content, and taken in by its name', async () => {
    await daemon.kill9();
    fs.mkdirSync(volumes('stray', '_data'), { recursive: true });
    fs.writeFileSync(volumes('stray', '_data', 'file'), 'precious');
    fs.mkdirSync(volumes('hollow', '_data'), { recursive: true });
    fs.mkdirSync(volumes('.removed-gone', '_data'), { recursive: true });
    await daemon.start();
    await waitFor('the leftovers to go', () => !fs.existsSync(volumes('hollow')));
    assert.equal(fs.existsSync(volumes('.removed-gone')), false);
    assert.match(daemon.log(), /directory of no volume kept/);
    await docker.out('volume', 'create', 'stray');
    assert.equal(
      await docker.out('run', '--rm', '-v', 'stray:/data', 'busybox', 'cat', '/data/file'),
      'precious',
    );
    await docker.out('volume', 'rm', 'stray');
  });

  it('what somebody has mounted into a volume is not deleted with it', async (t) => {
    await docker.out('volume', 'create', 'foreign');
    const [outside, inside] = [path.join(daemon.directory, 'outside'), volumes('foreign', '_data', 'in')];
    fs.mkdirSync(outside);
    fs.mkdirSync(inside);
    fs.writeFileSync(path.join(outside, 'file'), '');
    await outputOf('mount', ['--bind', outside, inside]);
    t.after(() => outputOf('umount', [inside]).catch(() => {}));
    const { code, stderr } = await docker.run(['volume', 'rm', 'foreign']);
    assert.equal(code, 1);
    assert.match(stderr, /something is mounted on .*\/foreign\/_data\/in: unmount it first/);
    await outputOf('umount', [inside]);
    await docker.out('volume', 'rm', 'foreign');
    assert.ok(fs.existsSync(path.join(outside, 'file')));
  });
});
