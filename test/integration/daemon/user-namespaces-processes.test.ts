import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { compact, type RemappingDaemon, startRemappingDaemon } from '../../support/remapping-daemon.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Processes of containers under `userns-remap`: who they are and what they may. */
describe('the processes of containers with ids of their own', () => {
  let remapping: RemappingDaemon;
  let docker: Cli;
  before(async () => {
    remapping = await startRemappingDaemon();
    docker = remapping.docker;
  });
  after(() => remapping?.[Symbol.asyncDispose]());

  it('gives a container the ids of the user’s ranges, and files their owners inside', async () => {
    await docker.out(
      'run',
      '-d',
      '--name',
      'ids',
      'busybox',
      'sh',
      '-c',
      'touch /new; chown 65540:3 /new; sleep 1000',
    );
    const shell = (script: string): Promise<string> => docker.out('exec', 'ids', 'sh', '-c', script);
    assert.equal(compact(await shell('cat /proc/self/uid_map')), remapping.mapping);
    assert.equal(compact(await shell('cat /proc/self/gid_map')), remapping.mapping);
    assert.equal(
      await shell('stat -c %u:%g /new / /etc/passwd /etc/hosts /etc/resolv.conf /dev /tmp'),
      ['65540:3', ...Array.from({ length: 6 }, () => '0:0')].join('\n'),
    );
    assert.equal(await remapping.ownerOnDisk('ids', 'new'), '65540:3');
    const status = fs.readFileSync(`/proc/${await remapping.pidOf('ids')}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\t${remapping.ids.first}\t${remapping.ids.first}`, 'm'));
    // Whom it does not have it cannot become, or give files to.
    assert.match(await shell('chown 70000 /new 2>&1 || echo refused'), /refused/);
    assert.equal((await docker.run(['exec', '-u', '70000', 'ids', 'true'])).code, 126);
    await docker.out('rm', '-f', 'ids');
  });

  it('does not get the /dev/null of the host, which all share', async () => {
    const { uid, gid, mode } = fs.statSync('/dev/null');
    for (const options of [[], ['-t'], ['-i'], ['-d'], ['--user', '12'], ['--runtime', 'runc']]) {
      await docker.out('run', '--rm', ...options, 'busybox', 'cat', '/etc/hostname');
      const now = fs.statSync('/dev/null');
      assert.deepEqual([now.uid, now.gid, now.mode], [uid, gid, mode], options.join(' '));
    }
  });

  it('owns its network: ports below 1024, kernel parameters, addresses', async () => {
    await docker.out('network', 'create', 'userns-net');
    await docker.out(
      ...[
        'run',
        '-d',
        '--name',
        'web',
        '--network',
        'userns-net',
        '-p',
        '127.0.0.1::80',
        '--cap-add',
        'NET_ADMIN',
      ],
      ...['busybox', 'sh', '-c', 'echo served >/page; httpd -f -p 80 -h /'],
    );
    const port = (await docker.out('port', 'web', '80')).split(':')[1];
    await waitFor(
      'the page',
      async () => (await fetch(`http://127.0.0.1:${port}/page`).catch(() => undefined))?.ok,
    );
    assert.equal(
      await docker.out(
        'run',
        '--rm',
        '--network',
        'userns-net',
        'busybox',
        'wget',
        '-qO-',
        'http://web/page',
      ),
      'served',
    );
    await docker.out('exec', 'web', 'ip', 'addr', 'add', '10.99.0.1/32', 'dev', 'lo');
    await docker.out('network', 'connect', 'bridge', 'web');
    assert.match(await docker.out('exec', 'web', 'ip', 'link'), /eth1/);
    const forwarding = await docker.out(
      ...['run', '--rm', '--sysctl', 'net.ipv4.ip_forward=1', 'busybox'],
      ...['cat', '/proc/sys/net/ipv4/ip_forward'],
    );
    assert.equal(forwarding, '1');
    const sharing = ['run', '--rm', '--network', 'container:web', '--pid', 'container:web', 'busybox'];
    assert.equal(compact(await docker.out(...sharing, 'cat', '/proc/1/uid_map')), remapping.mapping);
    await docker.out('rm', '-f', 'web');
    await docker.out('network', 'rm', 'userns-net');
  });

  it('lets every user write to /dev/stdout, in exec too, and has terminals', async () => {
    for (const user of ['0', '1000']) {
      const run = ['run', '--rm', '--user', user, 'busybox', 'sh', '-c', 'echo out >/dev/stdout'];
      assert.equal(await docker.out(...run), 'out');
    }
    await docker.out('run', '-d', '--name', 'streams', 'busybox', 'sleep', '1000');
    const exec = ['exec', '--user', '1000', 'streams', 'sh', '-c', 'echo out >/dev/stdout'];
    assert.equal(await docker.out(...exec), 'out');
    // From its first moment: what follows is a race, which one attempt would often win.
    const opening = 'if true >/dev/stdout; then touch /tmp/opened-$$; else touch /tmp/refused-$$; fi';
    for (let attempt = 0; attempt < 10; attempt++) {
      await docker.out('exec', '-d', '--user', '1000', 'streams', 'sh', '-c', opening);
    }
    const outcomes = await waitFor('all to have opened it', async () => {
      const names = (await docker.out('exec', 'streams', 'ls', '/tmp')).split('\n');
      return names.length === 10 && names.join(' ');
    });
    assert.doesNotMatch(outcomes, /refused/);
    await using terminal = docker.terminal([
      // What a command writes just before its end can go with its terminal.
      ...['run', '--rm', '-it', '--user', '1000', 'busybox'],
      ...['sh', '-c', 'echo owner $(stat -c %u $(tty)); read line'],
    ]);
    await terminal.expect(/owner 1000/);
    terminal.type('\r');
    assert.equal(await terminal.exit(), 0);
    await docker.out('rm', '-f', 'streams');
  });

  it('knows the health of a container', async () => {
    await docker.out(
      ...[
        'run',
        '-d',
        '--name',
        'health',
        '--user',
        '1000',
        '--health-cmd',
        'echo well >/dev/stdout; touch /tmp/seen',
      ],
      ...['--health-interval', '1s', 'busybox', 'sleep', '1000'],
    );
    const health = (): Promise<string> =>
      docker.out('inspect', '--format', '{{.State.Health.Status}}', 'health');
    await waitFor('health', async () => (await health()) === 'healthy');
    await docker.out('rm', '-f', 'health');
  });
});
