import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, dhowProgram } from '../../support/cli.ts';
import { outputOf, runCommand } from '../../support/command.ts';
import type { Daemon } from '../../support/daemon.ts';
import { compact, type RemappingDaemon, startRemappingDaemon } from '../../support/remapping-daemon.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A daemon that starts with, without and again with `userns-remap`. */
describe('a daemon that gives containers ids of their own', () => {
  let remapping: RemappingDaemon;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    remapping = await startRemappingDaemon();
    ({ daemon, docker } = remapping);
  });
  after(() => remapping?.[Symbol.asyncDispose]());

  it('takes up its containers after it was killed, also with other settings', async () => {
    const run = ['run', '-d', '-v', 'kept:/v', '--restart', 'always', 'busybox', 'sh', '-c'];
    await docker.out(...run.toSpliced(2, 0, '--name', 'survivor'), 'touch /v/f; chown 5 /v/f; sleep 1000');
    const pid = await remapping.pidOf('survivor');
    const owners = (): Promise<string> =>
      docker.out('exec', 'survivor', 'stat', '-c', '%u', '/v/f', '/etc/passwd');
    await waitFor('the file', async () => (await docker.run(['exec', 'survivor', 'ls', '/v/f'])).code === 0);
    await daemon.kill9();
    await daemon.start();
    assert.equal(await remapping.pidOf('survivor'), pid);
    assert.equal(await owners(), '5\n0');
    await daemon.stop();
    // Without remapping from here on: who runs keeps its ids, who is started gets the host's.
    const args = daemon.args as string[];
    const at = args.indexOf('--userns-remap');
    const removed = args.splice(at, 2);
    await daemon.start();
    assert.equal(await owners(), '5\n0');
    const tar = path.join(daemon.directory, 'survivor.tar');
    fs.writeFileSync(tar, (await docker.run(['cp', 'survivor:/v/f', '-'])).stdout);
    assert.match(await outputOf('tar', ['tvf', tar, '--numeric-owner']), / 5\/0 /);
    await docker.out('restart', '-t', '0', 'survivor');
    assert.equal(
      compact(await docker.out('exec', 'survivor', 'cat', '/proc/self/uid_map')),
      '0 0 4294967295',
    );
    assert.equal(await owners(), '5\n0');
    await daemon.stop();
    args.push(...removed);
    await daemon.start();
    await docker.out('restart', '-t', '0', 'survivor');
    assert.equal(
      compact(await docker.out('exec', 'survivor', 'cat', '/proc/self/uid_map')),
      remapping.mapping,
    );
    assert.equal(await owners(), '5\n0');
    await docker.out('rm', '-f', 'survivor');
    await docker.out('volume', 'rm', 'kept');
  });

  it('does not start for a user without ids, or a data root that is closed to them', async () => {
    const { directory } = daemon;
    const start = (remap: string, dataRoot: string): ReturnType<typeof runCommand> =>
      runCommand(dhowProgram, [
        ...['daemon', '--data-root', dataRoot, '--run-root', path.join(directory, 'run')],
        ...['--host', `unix://${directory}/other.sock`, '--cgroup-parent', daemon.cgroupParent],
        ...['--bridge', `${daemon.bridge}o`, '--nft-table', `${daemon.nftTable}o`, '--userns-remap', remap],
      ]);
    const none = await start('3999999', path.join(directory, 'other'));
    assert.notEqual(none.code, 0);
    assert.match(none.stderr, /\/etc\/subuid has no range for 3999999; usermod --add-subuids/);
    fs.mkdirSync(path.join(directory, 'closed'), { mode: 0o700 });
    const closed = await start(remapping.ids.user, path.join(directory, 'closed', 'data'));
    assert.notEqual(closed.code, 0);
    assert.match(
      closed.stderr,
      new RegExp(`${directory}/closed is closed to the users of containers.*chmod o\\+x`),
    );
  });
});
