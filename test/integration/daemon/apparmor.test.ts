import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { hasAppArmor, listAppArmorProfiles } from '../../../src/sys/security-modules.ts';
import { type Cli, cliNames, dhowProgram } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { giveSubordinateIds } from '../../support/subordinate-ids.ts';

/** What is tried here changes how other daemons' containers are confined. */
const skip =
  hasAppArmor() && process.env['DHOW_TEST_MACHINE'] === 'own'
    ? false
    : 'only in a machine of its own that has AppArmor: test/vm/run';
const confined = 'dhow-default (enforce)';
const printLabel = ['busybox', 'cat', '/proc/self/attr/current'];
const client = cliNames[0] as Cli['name'];

describe('the AppArmor profile of a daemon', { skip }, () => {
  const file = '/etc/apparmor.d/dhow-default';
  let daemon: Daemon;
  let cli: Cli;
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
    cli = daemon.cli(client);
  });
  after(() => daemon[Symbol.asyncDispose]());
  const restart = async (): Promise<void> => {
    await daemon.stop();
    await daemon.start();
  };
  const unload = (): Promise<string> =>
    outputOf('apparmor_parser', ['--remove'], { input: 'profile dhow-default {}' });
  const warnings = (): Promise<string> => cli.out('info', '--format', '{{json .Warnings}}');

  it('is loaded again for a container, an exec and a build when somebody has unloaded it', async () => {
    await cli.out('run', '--detach', '--name', 'box', 'busybox', 'sleep', '1000');
    await unload();
    assert.ok(!listAppArmorProfiles()?.includes('dhow-default'));
    assert.equal(await cli.out('exec', 'box', 'cat', '/proc/self/attr/current'), confined);
    assert.equal(await cli.out('exec', 'box', 'cat', '/proc/1/attr/current'), 'unconfined');
    await cli.out('rm', '--force', 'box');
    await unload();
    assert.equal(await cli.out('run', '--rm', ...printLabel), confined);
    await unload();
    const context = path.join(daemon.directory, 'context');
    fs.mkdirSync(context);
    fs.writeFileSync(
      path.join(context, 'Dockerfile'),
      'FROM busybox\nRUN cat /proc/self/attr/current >/label\n',
    );
    await cli.out('build', '--tag', 'labelled', context);
    assert.equal(await cli.out('run', '--rm', 'labelled', 'cat', '/label'), confined);
  });

  describe('that has a text of the administrator’s', () => {
    afterEach(async () => {
      fs.rmSync(file);
      await restart();
      assert.equal(await warnings(), 'null');
    });

    it('is that one', async () => {
      fs.writeFileSync(file, 'profile dhow-default { file, signal, deny /etc/group r, }');
      await restart();
      const { code, stderr } = await cli.run(['run', '--rm', 'busybox', 'cat', '/etc/group']);
      assert.equal(code, 1);
      assert.match(stderr, /Permission denied/);
      assert.equal(await cli.out('run', '--rm', ...printLabel), confined);
    });

    it('is missed when the text has a mistake', async () => {
      fs.writeFileSync(file, 'profile dhow-default { flie, }');
      await unload();
      await restart();
      assert.match(await warnings(), /dhow-default cannot be loaded/);
      const { code, stderr } = await cli.run(['run', '--rm', 'busybox', 'true']);
      assert.equal(code, 125);
      assert.match(
        stderr,
        /the AppArmor profile dhow-default cannot be loaded.*\/etc\/apparmor\.d\/dhow-default/s,
      );
      const none = ['--security-opt', 'apparmor=unconfined'];
      assert.equal(await cli.out('run', '--rm', ...none, ...printLabel), 'unconfined');
    });
  });

  it('lets a daemon that is confined itself go on with its containers', async () => {
    const rules = `profile "dhow test daemon" flags=(attach_disconnected, mediate_deleted) {
      capability, file, mount, umount, pivot_root, network, signal, ptrace, change_profile, }`;
    await outputOf('apparmor_parser', ['--replace'], { input: rules });
    const program = path.join(daemon.directory, 'confined');
    fs.writeFileSync(program, `#!/bin/sh\nexec aa-exec -p 'dhow test daemon' -- ${dhowProgram} "$@"\n`, {
      mode: 0o755,
    });
    await daemon.stop();
    await daemon.start(program);
    try {
      assert.match(fs.readFileSync(`/proc/${daemon.pid}/attr/current`, 'utf8'), /^dhow test/);
      const script = 'trap "exit 7" TERM; while true; do sleep 0.1; done';
      await cli.out('run', '--detach', '--name', 'box', 'busybox', 'sh', '-c', script);
      assert.equal(await cli.out('exec', 'box', 'cat', '/proc/1/attr/current'), confined);
      assert.match(await cli.out('top', 'box'), /sh -c/);
      await cli.out('cp', 'box:/etc/group', daemon.directory);
      await cli.out('stop', 'box');
      assert.equal(await cli.out('inspect', '--format', '{{.State.ExitCode}}', 'box'), '7');
      await cli.out('rm', 'box');
    } finally {
      await daemon.stop();
      await daemon.start(dhowProgram);
      await outputOf('apparmor_parser', ['--remove'], { input: rules });
    }
  });
});

describe('the AppArmor profile of containers with ids of their own', { skip }, () => {
  for (const runtime of ['crun', 'runc']) {
    it(`confines those of ${runtime}`, async () => {
      await using ids = await giveSubordinateIds();
      // On Linux 6.1 not all file systems can be shown with other ids: that of /tmp cannot.
      const directory = fs.mkdtempSync('/var/tmp/dhow-test-');
      using cleanup = new DisposableStack();
      cleanup.defer(() => fs.rmSync(directory, { recursive: true }));
      fs.chmodSync(directory, 0o711);
      fs.mkdirSync(path.join(directory, 'data'));
      const dataRoot = path.join(directory, 'data', 'root');
      await using daemon = await startDaemon({ dataRoot, args: ['--userns-remap', ids.user] });
      await importBase(daemon);
      const cli = daemon.cli(client);
      await cli.out('run', '--runtime', runtime, '--detach', '--name', 'box', 'busybox', 'sleep', '1000');
      assert.equal(await cli.out('exec', 'box', 'cat', '/proc/1/attr/current'), confined);
      assert.equal(await cli.out('exec', 'box', 'cat', '/proc/self/attr/current'), confined);
    });
  }
});
