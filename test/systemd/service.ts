import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { repository } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { bootMachine, type Machine } from './machine.ts';

const install = `${repository}/tools/install`;

describe('a machine with systemd', () => {
  let machine: Machine;
  before(async () => {
    machine = await bootMachine();
  });
  after(() => machine?.[Symbol.asyncDispose]());

  const dhow = (...args: string[]): Promise<string> => machine.out('/usr/local/bin/dhow', ...args);
  const property = (name: string): Promise<string> =>
    machine.out('systemctl', 'show', '--property', name, '--value', 'dhow.service');
  const identities = (): Promise<string> =>
    dhow('inspect', '--format', '{{.State.Pid}} {{.State.StartedAt}}', 'counts', 'idle');

  it('has Dhow as a service after tools/install, in place of a daemon that a command started', async () => {
    await machine.out(`${repository}/bin/dhow`, 'ps');
    const before = await machine.out('cat', '/var/lib/dhow/lock');
    await machine.out(install);
    assert.notEqual(await property('MainPID'), before);
    assert.equal(await machine.sh(`kill -0 ${before} 2>&1 || true`), `sh: 1: kill: No such process`);
    assert.equal(await property('ActiveState'), 'active');
    assert.equal(await property('StatusText'), 'Listening on fd://');
    assert.equal(
      await machine.out('systemctl', 'is-enabled', 'dhow.service', 'dhow.socket'),
      'enabled\nenabled',
    );
    assert.match(await dhow('version', '--format', '{{.Server.Version}}'), /^\d/);
    await machine.sh(
      `${repository}/tools/busybox-rootfs | dhow import --change 'CMD ["sh"]' --change 'ENV PATH=/bin' - busybox`,
    );
    // Privileged: for the others crun needs more locked memory than it may have where this machine is a container itself.
    const counting = 'trap "exit 40" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done';
    await dhow('run', '-d', '--name', 'counts', '--privileged', 'busybox', 'sh', '-c', counting);
    await dhow(
      'run',
      '-d',
      '--name',
      'idle',
      '--privileged',
      '--network',
      'none',
      'busybox',
      'sleep',
      '1000',
    );
  });

  it('restarts the daemon, and containers do not notice', async () => {
    const known = await identities();
    const pid = await property('MainPID');
    await machine.out('systemctl', 'restart', 'dhow.service');
    assert.notEqual(await property('MainPID'), pid);
    assert.equal(await identities(), known);
    assert.equal(await dhow('exec', 'counts', 'echo', 'inside'), 'inside');
  });

  it('starts a daemon again that was killed, while clients wait', async () => {
    const known = await identities();
    await machine.out('kill', '-9', await property('MainPID'));
    assert.equal(await identities(), known);
  });

  it('reloads the configuration', async () => {
    await machine.sh(
      `mkdir -p /etc/dhow && echo '{"insecure-registries": ["reloaded.test:5000"]}' >/etc/dhow/daemon.json`,
    );
    await machine.out('systemctl', 'reload', 'dhow.service');
    await waitFor('the setting', async () => (await dhow('info')).includes('reloaded.test:5000'));
    assert.equal(await property('ActiveState'), 'active');
  });

  it('starts a daemon that was stopped when somebody speaks to its socket', async () => {
    const known = await identities();
    await machine.run('systemctl', 'stop', 'dhow.service');
    assert.equal(await property('ActiveState'), 'inactive');
    assert.equal(await identities(), known);
    assert.equal(await property('ActiveState'), 'active');
    await dhow('stop', 'counts');
    assert.equal(await dhow('inspect', '--format', '{{.State.ExitCode}}', 'counts'), '40');
  });

  it('updates by tools/install, and has nothing of the service after --remove', async () => {
    const pid = await dhow('inspect', '--format', '{{.State.Pid}}', 'idle');
    await machine.out(install);
    assert.equal(await dhow('inspect', '--format', '{{.State.Pid}}', 'idle'), pid);
    await dhow('rm', '-f', 'counts', 'idle');
    await machine.out(install, '--remove');
    assert.equal(
      await machine.sh(
        'ls /etc/systemd/system/dhow.service /etc/systemd/system/dhow.socket 2>/dev/null || true',
      ),
      '',
    );
    assert.equal(await machine.sh('pgrep "conmon|node" || true'), '');
  });
});
