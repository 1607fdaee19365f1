import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, cliNames, dhowProgram } from '../../support/cli.ts';
import { outputOf, runCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { giveSubordinateIds, type SubordinateIds } from '../../support/subordinate-ids.ts';
import { waitFor } from '../../support/wait-for.ts';

const compact = (text: string): string => text.replace(/[ \t]+/g, ' ').trim();

/** Containers with ids of their own (`userns-remap`); on disk all ids stay those of the images. */
describe('a daemon that remaps users', () => {
  let ids: SubordinateIds;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    ids = giveSubordinateIds();
    daemon = await startDaemon({ args: ['--userns-remap', ids.user] });
    await importBase(daemon);
    docker = daemon.cli('docker');
  });
  after(async () => {
    await daemon[Symbol.asyncDispose]();
    ids[Symbol.dispose]();
  });

  const pidOf = async (name: string): Promise<string> =>
    docker.out('inspect', '--format', '{{.State.Pid}}', name);
  const mapping = (): string => `0 ${ids.first} 65536\n 65536 ${ids.second} 10`;
  /** `owner:group name` of what lies in a container's directory of a kind. */
  const ownerOnDisk = async (name: string, file: string): Promise<string> => {
    const id = await docker.out('inspect', '--format', '{{.Id}}', name);
    const { uid, gid } = fs.lstatSync(path.join(daemon.dataRoot, 'containers', id, 'upper', file));
    return `${uid}:${gid}`;
  };

  for (const name of cliNames) {
    describe(`by ${name}`, () => {
      let cli: Cli;
      before(() => {
        cli = daemon.cli(name);
      });

      it('says so in info', async () => {
        assert.match(await cli.out('info', '--format', '{{.SecurityOptions}}'), /name=userns/);
      });

      it('refuses what would reach the host, in Docker’s words, but not with --userns host', async () => {
        for (const [options, message] of [
          [['--privileged'], /privileged mode is incompatible with user namespaces/],
          [
            ['--network', 'host'],
            /cannot share the host's network namespace when user namespaces are enabled/,
          ],
          [['--pid', 'host'], /cannot share the host PID namespace when user namespaces are enabled/],
        ] as const) {
          const refused = await cli.run(['run', '--rm', ...options, 'busybox', 'true']);
          assert.equal(refused.code, 125);
          assert.match(refused.stderr, message);
          await cli.out('run', '--rm', '--userns', 'host', ...options, 'busybox', 'true');
        }
      });

      it('opts out with --userns host, which inspect tells', async () => {
        const map = await cli.out('run', '--rm', '--userns', 'host', 'busybox', 'cat', '/proc/self/uid_map');
        assert.equal(compact(map), '0 0 4294967295');
        const own = `optout-${name}`;
        await cli.out('create', '--name', own, '--userns', 'host', 'busybox');
        assert.equal(await cli.out('inspect', '--format', '{{.HostConfig.UsernsMode}}', own), 'host');
        await cli.out('rm', own);
      });

      it('copies in and out of a container that runs, and of one that does not', async () => {
        const own = `copied-${name}`;
        const file = path.join(daemon.directory, own);
        fs.writeFileSync(file, 'from the host\n');
        await cli.out('run', '-d', '--name', own, '-v', `${own}:/volume`, 'busybox', 'sleep', '1000');
        const script =
          'echo x >/volume/x && chown 5:6 /volume/x && mkdir /d && echo y >/d/y && chown -R 7:8 /d';
        await cli.out('exec', own, 'sh', '-c', script);
        for (const state of ['running', 'stopped']) {
          if (state === 'stopped') await cli.out('stop', '-t', '0', own);
          await cli.out('cp', file, `${own}:/volume/${state}`);
          await cli.out('cp', file, `${own}:/${state}`);
          for (const [from, owner] of [
            ['/volume/x', '5/6'],
            ['/d/y', '7/8'],
            [`/${state}`, '0/0'],
            [`/volume/${state}`, '0/0'],
          ] as const) {
            const tar = path.join(daemon.directory, `${own}.tar`);
            fs.writeFileSync(tar, (await cli.run(['cp', `${own}:${from}`, '-'])).stdout);
            assert.match(await outputOf('tar', ['tvf', tar, '--numeric-owner']), new RegExp(` ${owner} `));
          }
        }
        assert.equal(await ownerOnDisk(own, 'd/y'), '7:8');
        assert.equal(await ownerOnDisk(own, 'running'), '0:0');
        await cli.out('start', own);
        const seen = await cli.out(
          'exec',
          own,
          'stat',
          '-c',
          '%u:%g',
          '/running',
          '/stopped',
          '/volume/stopped',
        );
        assert.equal(seen, '0:0\n0:0\n0:0');
        await cli.out('rm', '-f', own);
        await cli.out('volume', 'rm', own);
      });
    });
  }

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
    assert.equal(compact(await shell('cat /proc/self/uid_map')), mapping());
    assert.equal(compact(await shell('cat /proc/self/gid_map')), mapping());
    assert.equal(
      await shell('stat -c %u:%g /new / /etc/passwd /etc/hosts /etc/resolv.conf /dev /tmp'),
      ['65540:3', ...Array.from({ length: 6 }, () => '0:0')].join('\n'),
    );
    assert.equal(await ownerOnDisk('ids', 'new'), '65540:3');
    const status = fs.readFileSync(`/proc/${await pidOf('ids')}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\t${ids.first}\t${ids.first}`, 'm'));
    // Whom it does not have it cannot become, or give files to.
    assert.match(await shell('chown 70000 /new 2>&1 || echo refused'), /refused/);
    assert.equal((await docker.run(['exec', '-u', '70000', 'ids', 'true'])).code, 126);
    await docker.out('rm', '-f', 'ids');
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
    assert.equal(compact(await docker.out(...sharing, 'cat', '/proc/1/uid_map')), mapping());
    await docker.out('rm', '-f', 'web');
    await docker.out('network', 'rm', 'userns-net');
  });

  it('refuses to share namespaces with a container of other ids', async () => {
    await docker.out('run', '-d', '--name', 'mapped', 'busybox', 'sleep', '1000');
    await docker.out('run', '-d', '--name', 'unmapped', '--userns', 'host', 'busybox', 'sleep', '1000');
    for (const [options, message] of [
      [['--network', 'container:unmapped'], /container unmapped, which runs with other ids/],
      [['--userns', 'host', '--network', 'container:mapped'], /container mapped, which runs with other ids/],
      [['--userns', 'host', '--pid', 'container:mapped'], /container mapped, which runs with other ids/],
      [['--ipc', 'container:mapped'], /must share its network as well: add --network container:mapped/],
    ] as const) {
      const refused = await docker.run(['run', '--rm', ...options, 'busybox', 'true']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, message);
    }
    await docker.out('rm', '-f', 'mapped', 'unmapped');
  });

  it('lets every user write to /dev/stdout, in exec too, and has terminals', async () => {
    for (const user of ['0', '1000']) {
      const run = ['run', '--rm', '--user', user, 'busybox', 'sh', '-c', 'echo out >/dev/stdout'];
      assert.equal(await docker.out(...run), 'out');
    }
    await docker.out('run', '-d', '--name', 'streams', 'busybox', 'sleep', '1000');
    const exec = ['exec', '--user', '1000', 'streams', 'sh', '-c', 'echo out >/dev/stdout'];
    assert.equal(await docker.out(...exec), 'out');
    await using terminal = docker.terminal([
      ...['run', '--rm', '-t', '--user', '1000', 'busybox', 'sh', '-c', 'echo owner $(stat -c %u $(tty))'],
    ]);
    await terminal.expect(/owner 1000/);
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

  it('shares volumes and images with containers that keep the host’s ids', async () => {
    const write = 'echo x >/v/x; chown 12:13 /v/x; chmod 600 /v/x';
    await docker.out('run', '--name', 'writer', '-v', 'shared:/v', 'busybox', 'sh', '-c', write);
    const mountpoint = await docker.out('volume', 'inspect', '--format', '{{.Mountpoint}}', 'shared');
    const { uid, gid } = fs.statSync(path.join(mountpoint, 'x'));
    assert.equal(`${uid}:${gid}`, '12:13');
    await docker.out('run', '--name', 'committed', 'busybox', 'sh', '-c', 'echo c >/c; chown 21:22 /c');
    await docker.out('commit', 'committed', 'userns-image');
    for (const options of [[], ['--userns', 'host']]) {
      const run = [
        'run',
        '--rm',
        ...options,
        '-v',
        'shared:/v',
        'userns-image',
        'stat',
        '-c',
        '%u:%g',
        '/v/x',
        '/c',
      ];
      assert.equal(await docker.out(...run), '12:13\n21:22');
    }
    assert.equal(await docker.out('diff', 'committed'), 'A /c');
    // An anonymous volume is filled with what the image has, owners and all.
    const filled = await docker.out(
      'run',
      '--rm',
      '-v',
      '/home',
      'busybox',
      'stat',
      '-c',
      '%u:%g',
      '/home',
      '/home/alice',
    );
    const unfilled = await docker.out(
      'run',
      '--rm',
      'busybox',
      'stat',
      '-c',
      '%u:%g',
      '/home',
      '/home/alice',
    );
    assert.equal(filled, unfilled);
    const archive = path.join(daemon.directory, 'export.tar');
    await docker.out('export', '-o', archive, 'committed');
    assert.match(await outputOf('tar', ['tvf', archive, '--numeric-owner', 'c']), / 21\/22 /);
    await docker.out('rm', 'writer', 'committed');
    await docker.out('volume', 'rm', 'shared');
    await docker.out('image', 'rm', 'userns-image');
  });

  it('leaves what is bound from the host as it is, and makes a missing source the container’s', async () => {
    const directory = path.join(daemon.directory, 'bound');
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, 'secret'), 'secret', { mode: 0o600 });
    const made = path.join(daemon.directory, 'made', 'inner');
    const read = await docker.out(
      ...['run', '--rm', '-v', `${directory}:/b`, '-v', `${made}:/m`, 'busybox', 'sh', '-c'],
      'stat -c %u /b/secret; cat /b/secret 2>/dev/null || echo closed; touch /b/new 2>/dev/null || echo closed; touch /m/new',
    );
    assert.equal(read, '65534\nclosed\nclosed');
    assert.equal(fs.statSync(path.join(made, 'new')).uid, ids.first);
    assert.equal(fs.statSync(path.dirname(made)).uid, ids.first);
  });

  it('keeps what a container’s root owns on disk from the users of the host', async () => {
    const suid = 'cp /bin/busybox /v/id; chmod 4755 /v/id; cp /bin/busybox /id; chmod 4755 /id; sleep 1000';
    await docker.out('run', '-d', '--name', 'setuid', '-v', 'setuid:/v', 'busybox', 'sh', '-c', suid);
    await waitFor(
      'the files',
      async () => (await docker.run(['exec', 'setuid', 'test', '-u', '/id'])).code === 0,
    );
    const mountpoint = await docker.out('volume', 'inspect', '--format', '{{.Mountpoint}}', 'setuid');
    const id = await docker.out('inspect', '--format', '{{.Id}}', 'setuid');
    for (const directory of [
      mountpoint,
      path.join(daemon.dataRoot, 'containers', id, 'upper'),
      path.join(daemon.dataRoot, 'containers', id, 'root'),
      path.join(daemon.runRoot, 'mapped', '0', 'volumes', 'setuid', '_data'),
    ]) {
      assert.equal(fs.statSync(path.join(directory, 'id')).mode & 0o4000, 0o4000);
      const tried = await runCommand('setpriv', [
        ...['--reuid', '12345', '--regid', '12345', '--clear-groups'],
        ...['cat', path.join(directory, 'id')],
      ]);
      assert.match(tried.stderr, /Permission denied/, directory);
    }
    await docker.out('rm', '-f', 'setuid');
    await docker.out('volume', 'rm', 'setuid');
  });

  it('builds in such namespaces', async () => {
    const directory = path.join(daemon.directory, 'context');
    fs.mkdirSync(directory);
    const secret = path.join(daemon.directory, 'build-secret');
    fs.writeFileSync(secret, 'hidden');
    fs.writeFileSync(
      path.join(directory, 'Dockerfile'),
      [
        'FROM busybox AS base',
        'RUN cat /proc/self/uid_map >/map; echo 1 >/one; chown 5:6 /one; echo shown >/dev/stdout',
        'FROM busybox',
        'COPY --from=base /map /map',
        'COPY --chown=7:8 Dockerfile /copied',
        'RUN --mount=type=bind,from=base,target=/base,rw --mount=type=cache,target=/cache --mount=type=bind,target=/context,rw --mount=type=secret,id=s \\',
        '  stat -c %u:%g /base/one /copied /cache /context/Dockerfile /run/secrets/s >/seen; cat /run/secrets/s >>/seen; touch /cache/kept /base/x /context/x',
        'RUN --mount=type=cache,target=/cache ls /cache >>/seen',
        '',
      ].join('\n'),
    );
    const dhow = daemon.cli('dhow');
    await dhow.out('build', '--no-cache', '--secret', `id=s,src=${secret}`, '-t', 'userns-built', directory);
    for (const options of [[], ['--userns', 'host']]) {
      const run = [
        'run',
        '--rm',
        ...options,
        'userns-built',
        'sh',
        '-c',
        'cat /map /seen; stat -c %u:%g /seen /copied',
      ];
      assert.equal(
        compact(await docker.out(...run)),
        `${mapping()}\n5:6\n7:8\n0:0\n0:0\n0:0\nhiddenkept\n0:0\n7:8`,
      );
    }
    const refused = await dhow.run(['build', '--no-cache', '--network', 'host', directory]);
    assert.match(
      refused.stderr,
      /cannot share the host's network namespace when user namespaces are enabled/,
    );
    await docker.out('image', 'rm', 'userns-built');
  });

  it('takes up its containers after it was killed, also with other settings', async () => {
    const run = ['run', '-d', '-v', 'kept:/v', '--restart', 'always', 'busybox', 'sh', '-c'];
    await docker.out(...run.toSpliced(2, 0, '--name', 'survivor'), 'touch /v/f; chown 5 /v/f; sleep 1000');
    const pid = await pidOf('survivor');
    const owners = (): Promise<string> =>
      docker.out('exec', 'survivor', 'stat', '-c', '%u', '/v/f', '/etc/passwd');
    await waitFor('the file', async () => (await docker.run(['exec', 'survivor', 'ls', '/v/f'])).code === 0);
    await daemon.kill9();
    await daemon.start();
    assert.equal(await pidOf('survivor'), pid);
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
    assert.equal(compact(await docker.out('exec', 'survivor', 'cat', '/proc/self/uid_map')), mapping());
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
    const closed = await start(ids.user, path.join(directory, 'closed', 'data'));
    assert.notEqual(closed.code, 0);
    assert.match(
      closed.stderr,
      new RegExp(`${directory}/closed is closed to the users of containers.*chmod o\\+x`),
    );
  });
});
