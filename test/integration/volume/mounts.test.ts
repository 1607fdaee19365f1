import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { startRegistry } from '../../support/registry.ts';

describeEngine('run › volumes and bind mounts', ({ cli, engine, unique }) => {
  const sh = (mounts: string[], script: string): Promise<string> =>
    cli.out('run', '--rm', ...mounts, 'busybox', 'sh', '-c', script);
  const refused = async (mounts: string[], message: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await cli.run(['run', '--rm', ...mounts, 'busybox', 'true']);
    assert.equal(code, 125, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  };
  /** An image with files where a volume is mounted. */
  let image = '';
  before(async () => {
    const repository = unique('with-data');
    await using registry = await startRegistry();
    image = `${registry.address}/${repository}:v1`;
    await pushImage(
      registry,
      repository,
      {
        format: 'oci',
        compression: 'gzip',
        files: { 'data/file': 'from the image', 'data/deep/file': 'deep', 'empty/.keep': '' },
        config: { Volumes: { '/declared': {} } },
      },
      'v1',
    );
    await cli.out('pull', '-q', image);
    const setUp = await cli.out('create', image, 'true');
    await cli.out('rm', '-v', setUp);
  });

  it('a named volume is made at need and outlives its containers', async () => {
    const name = unique('named');
    await sh(['-v', `${name}:/data`], 'echo kept > /data/file');
    assert.equal(await sh(['-v', `${name}:/elsewhere`], 'cat /elsewhere/file'), 'kept');
    assert.equal(
      await sh(['--mount', `type=volume,source=${name},target=/third`], 'cat /third/file'),
      'kept',
    );
    await cli.out('volume', 'rm', name);
  });

  it('an anonymous volume goes with --rm and with rm -v, and stays otherwise', async () => {
    const volumes = async (): Promise<string> => cli.out('volume', 'ls', '-q');
    const before = await volumes();
    await sh(['-v', '/anonymous'], 'echo x > /anonymous/file');
    assert.equal(await volumes(), before);
    const byHand = await cli.out('create', '-v', '/anonymous', 'busybox');
    assert.notEqual(await volumes(), before);
    await cli.out('rm', '-v', byHand);
    assert.equal(await volumes(), before);
    const left = await cli.out('create', '-v', '/anonymous', 'busybox');
    const name = await cli.out('inspect', '--format', '{{(index .Mounts 0).Name}}', left);
    await cli.out('rm', left);
    assert.ok((await volumes()).includes(name));
    await cli.out('volume', 'rm', name);
  });

  it('a volume that the image declares is made for each container', async () => {
    const id = await cli.out('create', image);
    assert.match(
      await cli.out(
        'inspect',
        '--format',
        '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}} {{.Name}}{{end}}',
        id,
      ),
      /^volume \/declared true [0-9a-f]{64}$/,
    );
    await cli.out('rm', '-v', id);
  });

  it('an empty volume gets the image’s files on first use, with owners and modes', async () => {
    const name = unique('filled');
    const run = (script: string, ...mounts: string[]): Promise<string> =>
      cli.out('run', '--rm', ...mounts, image, 'sh', '-c', script);
    assert.equal(await run('cat /data/file /data/deep/file', '-v', `${name}:/data`), 'from the imagedeep');
    await run('echo changed > /data/file; rm -r /data/deep', '-v', `${name}:/data`);
    // Not again: the volume has content of its own.
    assert.equal(await run('cat /data/file; ls /data', '-v', `${name}:/data`), 'changed\nfile');
    await cli.out('volume', 'rm', name);

    const owned = unique('owned');
    assert.equal(await run('stat -c "%u %g %a" /tmp', '-v', `${owned}:/tmp`), '0 0 1777');
    await cli.out('volume', 'rm', owned);
    const bare = unique('bare');
    assert.equal(await run('ls -A /data', '-v', `${bare}:/data:nocopy`), '');
    await cli.out('volume', 'rm', bare);
  });

  it('ro makes a volume and a bind mount read-only', async () => {
    const name = unique('ro');
    await cli.out('volume', 'create', name);
    for (const mount of [
      ['-v', `${name}:/data:ro`],
      ['--mount', `type=volume,src=${name},dst=/data,readonly`],
      ['-v', `${engine().directory}:/data:ro`],
    ]) {
      assert.match(
        await sh(mount, 'touch /data/file 2>&1 || true; grep " /data " /proc/mounts'),
        /Read-only file system[\s\S]* \/data \S+ ro[, ]/,
      );
    }
    await cli.out('volume', 'rm', name);
  });

  it('a bind mount shows the host’s files, both ways; a file can be mounted too', async () => {
    const directory = path.join(engine().directory, unique('bound'));
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, 'in'), 'from the host');
    assert.equal(
      await sh(['-v', `${directory}:/data`], 'cat /data/in; echo from the container > /data/out'),
      'from the host',
    );
    assert.equal(fs.readFileSync(path.join(directory, 'out'), 'utf8'), 'from the container\n');
    for (const options of ['', ':ro']) {
      const mount = `${directory}/in:/etc/some/file${options}`;
      assert.equal(await sh(['-v', mount], 'cat /etc/some/file'), 'from the host', mount);
    }
    const id = await cli.out('create', '-v', `${directory}:/data:ro`, 'busybox');
    assert.equal(
      await cli.out(
        'inspect',
        '--format',
        '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}',
        id,
      ),
      `bind ${directory} /data false`,
    );
    await cli.out('rm', id);
  });

  it('-v makes a missing directory of the host, --mount refuses it', async () => {
    const missing = path.join(engine().directory, unique('missing'));
    await refused(
      ['--mount', `type=bind,source=${missing},target=/data`],
      new RegExp(`bind source path does not exist: ${missing}`),
    );
    assert.equal(fs.existsSync(missing), false);
    await sh(['-v', `${missing}:/data`], 'touch /data/file');
    assert.ok(fs.existsSync(path.join(missing, 'file')));
  });

  it('tmpfs is empty, writable and of the size that was asked for', async () => {
    assert.match(
      await sh(
        ['--tmpfs', '/scratch:size=1m,mode=700'],
        'touch /scratch/file && grep " /scratch " /proc/mounts',
      ),
      /^tmpfs \/scratch tmpfs rw,.*size=1024k,mode=700/,
    );
  });

  it('tmpfs has the mode of the directory that it covers, unless it is told another', async () => {
    for (const [options, mode] of [
      [['--tmpfs', '/etc'], '755'],
      [['--mount', 'type=tmpfs,dst=/etc'], '755'],
      [['--tmpfs', '/tmp'], '1777'],
      [['--tmpfs', '/etc/new'], '1777'],
      [['--tmpfs', '/etc/new:mode=750'], '750'],
    ] as const) {
      assert.equal(
        await sh([...options], `stat -c %a ${options.join().match(/\/[a-z/]+/)?.[0]}`),
        mode,
        options.join(' '),
      );
    }
  });

  it('refuses what makes no sense', async () => {
    const directory = engine().directory;
    await refused(['-v', 'relative/path:/data'], /includes invalid characters for a local volume name/);
    await refused(
      ['-v', `${directory}:relative`],
      /invalid (volume specification|mount path)|mount path must be absolute/i,
    );
    await refused(['-v', `${directory}:/data:nonsense`], /invalid (mode|volume specification)/i);
    await refused(['-v', `${directory}:/`], /destination can't be '\/'/);
    await refused(
      ['-v', `${directory}:/data`, '-v', `${directory}:/data:ro`],
      /Duplicate mount point: \/data/,
    );
  });
});
