import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, cliNames } from '../../support/cli.ts';
import { outputOf, runCommand } from '../../support/command.ts';
import type { Daemon } from '../../support/daemon.ts';
import { compact, type RemappingDaemon, startRemappingDaemon } from '../../support/remapping-daemon.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Under `userns-remap` all ids on disk stay those of the images. */
describe('the files of containers with ids of their own', () => {
  let remapping: RemappingDaemon;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    remapping = await startRemappingDaemon();
    ({ daemon, docker } = remapping);
  });
  after(() => remapping?.[Symbol.asyncDispose]());

  for (const name of cliNames) {
    describe(`by ${name}`, () => {
      let cli: Cli;
      before(() => {
        cli = daemon.cli(name);
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
        assert.equal(await remapping.ownerOnDisk(own, 'd/y'), '7:8');
        assert.equal(await remapping.ownerOnDisk(own, 'running'), '0:0');
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

  it('shares volumes and images with containers that keep the host’s ids', async () => {
    const write = 'echo x >/v/x; chown 12:13 /v/x; chmod 600 /v/x';
    await docker.out('run', '--name', 'writer', '-v', 'shared:/v', 'busybox', 'sh', '-c', write);
    const mountpoint = await docker.out('volume', 'inspect', '--format', '{{.Mountpoint}}', 'shared');
    const { uid, gid } = fs.statSync(path.join(mountpoint, 'x'));
    assert.equal(`${uid}:${gid}`, '12:13');
    await docker.out('run', '--name', 'committed', 'busybox', 'sh', '-c', 'echo c >/c; chown 21:22 /c');
    await docker.out('commit', 'committed', 'userns-image');
    const owners = ['stat', '-c', '%u:%g', '/v/x', '/c'];
    assert.equal(await remapping.outOfBoth('-v', 'shared:/v', 'userns-image', ...owners), '12:13\n21:22');
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
    assert.equal(fs.statSync(path.join(made, 'new')).uid, remapping.ids.first);
    assert.equal(fs.statSync(path.dirname(made)).uid, remapping.ids.first);
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
    const script = 'cat /map /seen; stat -c %u:%g /seen /copied';
    assert.equal(
      compact(await remapping.outOfBoth('userns-built', 'sh', '-c', script)),
      `${remapping.mapping}\n5:6\n7:8\n0:0\n0:0\n0:0\nhiddenkept\n0:0\n7:8`,
    );
    const refused = await dhow.run(['build', '--no-cache', '--network', 'host', directory]);
    assert.match(
      refused.stderr,
      /cannot share the host's network namespace when user namespaces are enabled/,
    );
    await docker.out('image', 'rm', 'userns-built');
  });
});
