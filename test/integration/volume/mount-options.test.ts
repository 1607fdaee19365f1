import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('run › every spelling of -v and --mount', ({ cli, engine, unique }) => {
  const sh = (mounts: string[], script: string): Promise<string> =>
    cli.out('run', '--rm', ...mounts, 'busybox', 'sh', '-c', script);
  const refused = async (mounts: string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await cli.run(['run', '--rm', ...mounts, 'busybox', 'true']);
    assert.equal(code, 125, stderr);
    assert.match(stderr, message);
  };
  const inspect = async (format: string, ...mounts: string[]): Promise<string> => {
    const id = await cli.out('create', ...mounts, 'busybox');
    try {
      return await cli.out('inspect', '--format', format, id);
    } finally {
      await cli.out('rm', '-v', id);
    }
  };
  const mountOf = '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}}{{end}}';
  let directory = '';
  before(() => {
    directory = path.join(engine().directory, unique('spelled'));
    fs.mkdirSync(path.join(directory, 'below'), { recursive: true });
    fs.writeFileSync(path.join(directory, 'file'), 'seen');
  });

  it('-v takes the words of macOS and SELinux, which say nothing here', async () => {
    for (const words of ['rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'rw,z,cached']) {
      assert.equal(await sh(['-v', `${directory}:/data:${words}`], 'cat /data/file'), 'seen', words);
    }
    assert.equal(await inspect(mountOf, '-v', `${directory}:/data:ro,z`), 'bind /data ro,z false rprivate');
  });

  it('--mount takes each key under each of its names', async () => {
    for (const mount of [
      `type=bind,source=${directory},target=/data`,
      `type=bind,src=${directory},dst=/data,consistency=cached`,
      `type=bind,src=${directory},destination=/data,readonly=false`,
      `"type=bind","src=${directory}","dst=/data"`,
    ]) {
      assert.equal(await sh(['--mount', mount], 'cat /data/file; touch /data/new'), 'seen', mount);
    }
    for (const readonly of ['readonly', 'ro', 'readonly=true', 'ro=1']) {
      const mount = `type=bind,src=${directory},dst=/data,${readonly}`;
      assert.equal(await sh(['--mount', mount], 'touch /data/x 2>/dev/null || echo no'), 'no', readonly);
    }
  });

  it('a relative source is taken from where the command runs', async () => {
    const { stdout } = await cli.run(
      ['run', '--rm', '-v', './below/..:/data', 'busybox', 'cat', '/data/file'],
      {
        directory,
      },
    );
    assert.equal(stdout, 'seen');
  });

  it('refuses what contradicts itself', async () => {
    await refused(['-v', `${directory}:/data:ro,rw`], /invalid mode|invalid volume specification/);
    await refused(['-v', `${directory}:/data:z,Z`], /invalid mode|invalid volume specification/);
    await refused(['-v', `${unique('x')}:/data:rshared`], /invalid mode|invalid volume specification/);
    await refused(['--mount', `type=bind,src=${directory}`], /target is required|must not be empty/);
    await refused(
      ['--mount', `type=bind,src=${directory},dst=/data,volume-nocopy`],
      /cannot mix 'volume-\*' options with mount type 'bind'/,
    );
    await refused(
      ['--mount', `type=bind,src=${directory},dst=/data,bind-recursive=readonly`],
      /requires 'readonly'|needs ReadOnly/,
    );
    await refused(['--mount', `type=bind,src=${directory},dst=/data,bind-propagation=odd`], /propagation/);
    await refused(['--mount', 'type=nonsense,dst=/data'], /mount type unknown/);
  });

  it('shares mounts with the host as the propagation says', async (t) => {
    const place = path.join(directory, 'shared');
    fs.mkdirSync(path.join(place, 'below'), { recursive: true });
    await outputOf('mount', ['--bind', place, place]);
    await outputOf('mount', ['--make-shared', place]);
    t.after(() => outputOf('umount', ['--lazy', place]));
    const names: Record<string, string> = {};
    for (const [propagation, name] of [
      ['rslave', unique('slave')],
      ['rprivate', unique('private')],
    ] as const) {
      names[propagation] = name;
      await cli.out(
        'run',
        '-d',
        '--name',
        name,
        '-v',
        `${place}:/data:${propagation}`,
        'busybox',
        'sleep',
        '1000',
      );
    }
    await outputOf('mount', ['-t', 'tmpfs', 'tmpfs', path.join(place, 'below')]);
    fs.writeFileSync(path.join(place, 'below/new'), '');
    try {
      assert.equal(await cli.out('exec', names['rslave'] ?? '', 'ls', '/data/below'), 'new');
      assert.equal(await cli.out('exec', names['rprivate'] ?? '', 'ls', '/data/below'), '');
    } finally {
      await outputOf('umount', [path.join(place, 'below')]);
      await cli.out('rm', '-f', ...Object.values(names));
    }
  });

  it('what is mounted below a read-only source is read-only too, unless one asks', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('since Docker 25');
    const place = path.join(directory, 'deep');
    fs.mkdirSync(path.join(place, 'below'), { recursive: true });
    await outputOf('mount', ['-t', 'tmpfs', 'tmpfs', path.join(place, 'below')]);
    t.after(() => outputOf('umount', [path.join(place, 'below')]));
    const mount = (how: string): string[] => ['--mount', `type=bind,src=${place},dst=/data,readonly${how}`];
    const write =
      'touch /data/x 2>/dev/null; touch /data/below/x 2>/dev/null && echo written || echo refused';
    assert.equal(await sh(['-v', `${place}:/data:ro`], write), 'refused');
    assert.equal(await sh(mount(''), write), 'refused');
    assert.equal(await sh(mount(',bind-recursive=writable'), write), 'written');
    assert.equal(await sh(mount(',bind-recursive=readonly,bind-propagation=rprivate'), write), 'refused');
    fs.rmSync(path.join(place, 'below/x'), { force: true });
    fs.writeFileSync(path.join(place, 'below/from-host'), '');
    assert.equal(await sh(mount(',bind-recursive=disabled'), 'ls /data/below'), '');
  });

  it('mounts a part of a volume, and never what lies outside', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('since Docker 26');
    const name = unique('parts');
    await sh(
      ['-v', `${name}:/data`],
      'mkdir -p /data/a/b; echo deep > /data/a/b/file; ln -s / /data/out; ln -s a/b /data/in; ln -s ../../.. /data/up',
    );
    const part = (subpath: string): string[] => [
      '--mount',
      `type=volume,src=${name},dst=/part,volume-subpath=${subpath}`,
    ];
    assert.equal(await sh(part('a/b'), 'ls /part'), 'file');
    assert.equal(await sh(part('a/b/file'), 'cat /part'), 'deep');
    assert.equal(await sh(part('in'), 'cat /part/file'), 'deep');
    // A link to the root is one to the volume's.
    assert.equal(await sh(part('out'), 'ls /part'), 'a\nin\nout\nup');
    assert.equal(await sh(part('up'), 'ls /part'), 'a\nin\nout\nup');
    await refused(part('missing'), /cannot mount "missing" of volume/);
    await refused(part('../x'), /subpath must be a relative path/);
    await refused(part('/etc'), /subpath must be a relative path/);
    // It is the volume's own: what is written to it stays, over a restart too.
    const container = unique('part');
    await cli.out(
      'run',
      '-d',
      '--name',
      container,
      ...part('a'),
      'busybox',
      'sh',
      '-c',
      'date >> /part/dates; sleep 1000',
    );
    await cli.out('cp', `${container}:/part/b/file`, path.join(directory, 'copied'));
    assert.equal(fs.readFileSync(path.join(directory, 'copied'), 'utf8'), 'deep\n');
    await cli.out('restart', '-t', '0', container);
    await cli.out('stop', '-t', '0', container);
    await cli.out('cp', path.join(directory, 'file'), `${container}:/part/from-host`);
    await cli.out('rm', container);
    assert.equal(await sh(['-v', `${name}:/data`], 'cat /data/a/from-host; wc -l < /data/a/dates'), 'seen2');
    await cli.out('volume', 'rm', name);
  });

  it('mounts an image, to be read only', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('since Docker 28');
    const mount = (more = ''): string[] => ['--mount', `type=image,src=busybox,dst=/image${more}`];
    assert.match(await sh(mount(), 'cat /image/etc/passwd'), /^root:x:0:0:/);
    assert.equal(await sh(mount(), 'touch /image/x 2>/dev/null || echo no'), 'no');
    assert.match(await sh(mount(',image-subpath=etc'), 'cat /image/passwd'), /^root:x:0:0:/);
    assert.match(await sh(mount(',image-subpath=etc/passwd'), 'cat /image'), /^root:x:0:0:/);
    await refused(mount(',image-subpath=none'), /cannot mount "none" of image busybox/);
    await refused(['--mount', 'type=image,src=no-such-image:1,dst=/image'], /No such image: no-such-image:1/);
    assert.equal(await inspect(mountOf, ...mount()), 'image /image  false');
    const id = await cli.out('create', ...mount(), 'busybox');
    await cli.out('cp', `${id}:/image/etc/group`, path.join(directory, 'group'));
    assert.match(fs.readFileSync(path.join(directory, 'group'), 'utf8'), /^root:x:0:/);
    await cli.out('rm', id);
  });

  it('the layers of a mounted image stay as long as the container', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('since Docker 28');
    const image = unique('mounted').toLowerCase();
    const source = await cli.out('run', '-d', 'busybox', 'sh', '-c', 'echo own > /own; sleep 1000');
    await cli.out('commit', source, image);
    await cli.out('rm', '-f', source);
    const id = await cli.out(
      'create',
      '--mount',
      `type=image,src=${image},dst=/image`,
      'busybox',
      'cat',
      '/image/own',
    );
    const busy = await cli.run(['rmi', image]);
    assert.equal(busy.code, 1, busy.stdout);
    await cli.out('rmi', '-f', image);
    assert.equal(await cli.out('start', '-a', id), 'own');
    await cli.out('rm', id);
  });

  it('labels and options of --mount are those of the volume that it makes', async () => {
    const name = unique('labelled');
    const mount = `type=volume,src=${name},dst=/data,volume-label=a=b,volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=1m,uid=7"`;
    assert.equal(await sh(['--mount', mount], 'stat -c %u /data'), '7');
    const [volume] = JSON.parse(await cli.out('volume', 'inspect', name));
    assert.deepEqual(volume.Labels, { a: 'b' });
    assert.deepEqual(volume.Options, { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=7' });
    await cli.out('volume', 'rm', name);
  });

  it('inspect tells --mount back as it was given', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('since Docker 28');
    const name = unique('told');
    const id = await cli.out(
      'create',
      ...[
        '--mount',
        `type=bind,src=${directory},dst=/a,readonly,bind-recursive=writable,bind-propagation=rslave`,
      ],
      ...['--mount', `type=volume,src=${name},dst=/b,volume-nocopy,volume-subpath=x`],
      ...['--mount', 'type=tmpfs,dst=/c,tmpfs-size=1m,tmpfs-mode=700'],
      'busybox',
    );
    assert.deepEqual(JSON.parse(await cli.out('inspect', '--format', '{{json .HostConfig.Mounts}}', id)), [
      {
        Type: 'bind',
        Source: directory,
        Target: '/a',
        ReadOnly: true,
        BindOptions: { Propagation: 'rslave', ReadOnlyNonRecursive: true },
      },
      { Type: 'volume', Source: name, Target: '/b', VolumeOptions: { NoCopy: true, Subpath: 'x' } },
      { Type: 'tmpfs', Target: '/c', TmpfsOptions: { SizeBytes: 1048576, Mode: 448 } },
    ]);
    await cli.out('rm', id);
    await cli.out('volume', 'rm', name);
  });
});
