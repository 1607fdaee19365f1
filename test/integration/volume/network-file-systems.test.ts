import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import {
  cifsShare,
  type FileServer,
  missingCifs,
  missingNfs,
  startCifsServer,
  startNfsServer,
} from '../../support/file-server.ts';

describeEngine('volumes of file servers', ({ cli, engine, unique }) => {
  const create = async (type: string, device: string, o: string): Promise<string> => {
    const name = unique(type);
    await cli.out(
      'volume',
      'create',
      '--opt',
      `type=${type}`,
      '--opt',
      `device=${device}`,
      '--opt',
      `o=${o}`,
      name,
    );
    return name;
  };
  const sh = (volume: string, script: string): Promise<string> =>
    cli.out('run', '--rm', '-v', `${volume}:/data`, 'busybox', 'sh', '-c', script);
  /** Of the kernel's table; undefined while nobody uses the volume. */
  const mountOf = async (volume: string): Promise<string | undefined> => {
    const mountpoint = await cli.out('volume', 'inspect', '--format', '{{.Mountpoint}}', volume);
    const mounts = fs.readFileSync('/proc/mounts', 'utf8').split('\n');
    return mounts.find((line) => line.split(' ')[1] === mountpoint);
  };

  describe('NFS', { skip: missingNfs() }, () => {
    let server: FileServer;
    before(async () => {
      server = await startNfsServer();
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('in every spelling: by address and by name, versions 3 and 4', async () => {
      const { directory } = server;
      for (const [type, device, o, mounted] of [
        ['nfs', `:${directory}`, 'addr=127.0.0.1,nolock', / nfs .*vers=3,/],
        ['nfs', `:${directory}`, 'addr=localhost,nfsvers=4,soft', / nfs4 .*,soft,.*addr=127\.0\.0\.1/],
        ['nfs', `localhost:${directory}`, 'addr=127.0.0.1,rw,vers=4.2', / nfs4 .*vers=4\.2/],
        ['nfs4', `:${directory}`, 'addr=localhost', / nfs4 /],
      ] as const) {
        const volume = await create(type, device, o);
        const container = unique('user');
        await cli.out('run', '-d', '--name', container, '-v', `${volume}:/data`, 'busybox', 'sleep', '1000');
        assert.match((await mountOf(volume)) ?? '', mounted, o);
        await cli.out('exec', container, 'sh', '-c', 'echo stored >/data/file; chown 5:6 /data/file');
        const { uid, gid } = fs.statSync(path.join(directory, 'file'));
        assert.equal(`${uid}:${gid}`, '5:6');
        assert.equal(fs.readFileSync(path.join(directory, 'file'), 'utf8'), 'stored\n');
        await cli.out('rm', '-f', container);
        assert.equal(await mountOf(volume), undefined);
        await cli.out('volume', 'rm', volume);
        fs.rmSync(path.join(directory, 'file'));
      }
    });

    it('the device alone may name the server', async (t) => {
      if (engine().kind === 'dockerd') return t.skip('Docker wants addr=');
      const volume = await create('nfs4', `localhost:${server.directory}`, '');
      assert.equal(await sh(volume, 'echo x >/data/x; cat /data/x; rm /data/x'), 'x');
      await cli.out('volume', 'rm', volume);
    });

    it('read-only, by the option and by the container', async () => {
      const { directory } = server;
      fs.writeFileSync(path.join(directory, 'file'), 'kept');
      const touch = 'touch /data/x 2>/dev/null || echo refused';
      const readonly = await create('nfs', `:${directory}`, 'addr=127.0.0.1,nfsvers=4,ro');
      assert.equal(await sh(readonly, `cat /data/file; ${touch}`), 'keptrefused');
      const volume = await create('nfs', `:${directory}`, 'addr=127.0.0.1,nfsvers=4');
      const run = ['run', '--rm', '-v', `${volume}:/data:ro`, 'busybox', 'sh', '-c', touch];
      assert.equal(await cli.out(...run), 'refused');
      await cli.out('volume', 'rm', volume, readonly);
      fs.rmSync(path.join(directory, 'file'));
    });

    it('an empty one gets what the image has', async () => {
      const volume = await create('nfs', `:${server.directory}`, 'addr=127.0.0.1,nfsvers=4');
      await cli.out('run', '--rm', '-v', `${volume}:/home`, 'busybox', 'true');
      const home = ['run', '--rm', 'busybox', 'sh', '-c', 'cd /home && find . | sort'];
      assert.equal(await sh(volume, 'cd /data && find . | sort'), await cli.out(...home));
      await cli.out('volume', 'rm', volume);
    });

    it('says what the server refuses, and starts nothing', async () => {
      for (const [device, o, message] of [
        [':/not/exported', 'addr=127.0.0.1,nfsvers=4', /failed to mount local volume/],
        [`:${server.directory}`, 'addr=no-such-host.invalid,nfsvers=4', /no-such-host\.invalid/],
      ] as const) {
        const volume = await create('nfs', device, o);
        const { code, stderr } = await cli.run(['run', '--rm', '-v', `${volume}:/data`, 'busybox', 'true']);
        assert.equal(code, 125);
        assert.match(stderr, message);
        assert.equal(await mountOf(volume), undefined);
        await cli.out('volume', 'rm', volume);
      }
    });
  });

  describe('CIFS', { skip: missingCifs() }, () => {
    let server: FileServer;
    before(async () => {
      server = await startCifsServer();
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('by address and by name, with a password', async () => {
      const { name, user, password } = cifsShare;
      for (const [host, address] of [
        ['localhost', 'addr=localhost,'],
        ['127.0.0.1', ''],
        ['localhost', ''],
      ]) {
        const o = `${address}username=${user},password=${password},file_mode=0640`;
        const volume = await create('cifs', `//${host}/${name}`, o);
        assert.equal(await sh(volume, 'echo stored >/data/file; stat -c %a /data/file'), '640');
        assert.equal(fs.readFileSync(path.join(server.directory, 'file'), 'utf8'), 'stored\n');
        await cli.out('volume', 'rm', volume);
        fs.rmSync(path.join(server.directory, 'file'));
      }
    });

    it('a wrong password is refused', async () => {
      const volume = await create(
        ...(['cifs', `//127.0.0.1/${cifsShare.name}`, `username=${cifsShare.user},password=wrong`] as const),
      );
      const { code, stderr } = await cli.run(['run', '--rm', '-v', `${volume}:/data`, 'busybox', 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /failed to mount local volume/);
      assert.doesNotMatch(stderr, /wrong/);
      await cli.out('volume', 'rm', volume);
    });
  });
});
