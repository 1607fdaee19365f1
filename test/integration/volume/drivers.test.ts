import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('volumes that are mounted', ({ cli, engine, unique }) => {
  const create = (name: string, options: Record<string, string>): Promise<string> =>
    cli.out(
      'volume',
      'create',
      ...Object.entries(options).flatMap(([key, value]) => ['--opt', `${key}=${value}`]),
      name,
    );
  const sh = (volume: string, script: string): Promise<string> =>
    cli.out('run', '--rm', '-v', `${volume}:/data`, 'busybox', 'sh', '-c', script);
  const mountpointOf = (name: string): Promise<string> =>
    cli.out('volume', 'inspect', '--format', '{{.Mountpoint}}', name);
  const isMounted = async (name: string): Promise<boolean> =>
    fs.readFileSync('/proc/mounts', 'utf8').includes(` ${await mountpointOf(name)} `);

  it('a tmpfs lasts from its first container to its last', async () => {
    const name = unique('tmpfs');
    const containers = [unique('first'), unique('second')];
    await create(name, { type: 'tmpfs', device: 'tmpfs', o: 'size=2m,uid=1000,mode=750' });
    assert.equal(await isMounted(name), false);
    for (const container of containers) {
      await cli.out('run', '-d', '--name', container, '-v', `${name}:/data`, 'busybox', 'sleep', '1000');
    }
    assert.equal(await isMounted(name), true);
    await cli.out('exec', containers[0] ?? '', 'sh', '-c', 'echo shared > /data/file');
    assert.equal(
      await cli.out(
        'exec',
        containers[1] ?? '',
        'sh',
        '-c',
        'cat /data/file; stat -c "%u %a" /data; df -k /data | tail -1',
      ),
      await cli.out(
        'exec',
        containers[0] ?? '',
        'sh',
        '-c',
        'cat /data/file; stat -c "%u %a" /data; df -k /data | tail -1',
      ),
    );
    assert.match(
      await cli.out('exec', containers[1] ?? '', 'sh', '-c', 'df -k /data | tail -1'),
      /^tmpfs +2048 /,
    );
    await cli.out('rm', '-f', containers[0] ?? '');
    assert.equal(await cli.out('exec', containers[1] ?? '', 'cat', '/data/file'), 'shared');
    await cli.out('stop', '-t', '0', containers[1] ?? '');
    assert.equal(await isMounted(name), false);
    await cli.out('start', containers[1] ?? '');
    assert.equal(await cli.out('exec', containers[1] ?? '', 'ls', '/data'), '');
    await cli.out('rm', '-f', containers[1] ?? '');
    await cli.out('volume', 'rm', name);
  });

  it('a directory of the host is bound, and stays when the volume goes', async () => {
    const [name, directory] = [
      unique('bound'),
      path.join(engine().directory, unique('with #, \\040 and space')),
    ];
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, 'file'), 'kept');
    await create(name, { type: 'none', device: directory, o: 'bind' });
    assert.equal(await sh(name, 'cat /data/file; echo new > /data/new'), 'kept');
    assert.equal(fs.readFileSync(path.join(directory, 'new'), 'utf8'), 'new\n');
    assert.equal(await isMounted(name), false);
    await cli.out('volume', 'rm', name);
    assert.deepEqual(fs.readdirSync(directory), ['file', 'new']);
  });

  it('a block device is mounted, read-only too', async (t) => {
    const [name, image] = [unique('device'), path.join(engine().directory, unique('image'))];
    fs.writeFileSync(image, '');
    fs.truncateSync(image, 8 * 1024 * 1024);
    await outputOf('mkfs.ext4', ['-q', image]);
    const device = await outputOf('losetup', ['--find', '--show', image]);
    t.after(() => outputOf('losetup', ['--detach', device]));
    await create(name, { type: 'ext4', device });
    assert.equal(await sh(name, 'echo stored > /data/file; ls /data'), 'file\nlost+found');
    assert.equal(await sh(name, 'cat /data/file'), 'stored');
    const readonly = unique('device-ro');
    await create(readonly, { type: 'ext4', device, o: 'ro' });
    assert.equal(await sh(readonly, 'cat /data/file; touch /data/x 2>/dev/null || echo no'), 'stored\nno');
    await cli.out('volume', 'rm', name, readonly);
  });

  it('an empty one gets what the image has', async () => {
    const name = unique('filled');
    await create(name, { type: 'tmpfs', device: 'tmpfs' });
    assert.equal(
      await cli.out('run', '--rm', '-v', `${name}:/etc`, 'busybox', 'sh', '-c', 'head -1 /etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh',
    );
    await cli.out('volume', 'rm', name);
  });

  it('cp and prune work with what is not mounted', async () => {
    const [name, directory, container] = [
      unique('copied'),
      path.join(engine().directory, unique('from')),
      unique('holder'),
    ];
    fs.mkdirSync(directory);
    await create(name, { type: 'none', device: directory, o: 'bind' });
    await cli.out('create', '--name', container, '-v', `${name}:/data`, 'busybox');
    fs.writeFileSync(path.join(directory, 'in'), 'inside');
    await cli.out('cp', `${container}:/data/in`, path.join(directory, 'out'));
    assert.equal(fs.readFileSync(path.join(directory, 'out'), 'utf8'), 'inside');
    // The archive's end may come before its mount's.
    await waitFor('the volume to be unmounted', async () => !(await isMounted(name)));
    await cli.out('rm', container);
    await cli.out('volume', 'prune', '-f', '--all', '--filter', `label!=${unique('none')}`);
    assert.deepEqual(fs.readdirSync(directory).sort(), ['in', 'out']);
  });

  it('says what cannot be mounted, and starts nothing', async () => {
    const cases: [Record<string, string>, RegExp][] = [
      [
        { type: 'none', device: '/no/such/directory', o: 'bind' },
        /failed to mount local volume: .*does not exist/,
      ],
      [
        { type: 'nfs', device: ':/export', o: 'addr=192.0.2.1,rw' },
        /failed to mount local volume: .*(unknown filesystem type|no such device|timed out|refused)/,
      ],
    ];
    for (const [options, message] of cases) {
      const name = unique('unmountable');
      await create(name, options);
      const { code, stderr } = await cli.run(['run', '--rm', '-v', `${name}:/data`, 'busybox', 'true']);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
      assert.equal(await isMounted(name), false);
      await cli.out('volume', 'rm', name);
    }
  });

  it('refuses options that the driver does not have', async () => {
    const cases: [Record<string, string>, RegExp][] = [
      [{ speed: 'fast' }, /invalid option: "speed"|invalid option key: "speed"/],
      [{ type: 'tmpfs' }, /missing required option: "device"|missing device in volume options/],
      [{ device: 'tmpfs' }, /missing required option: "type"/],
    ];
    for (const [options, message] of cases) {
      const args = Object.entries(options).flatMap(([key, value]) => ['--opt', `${key}=${value}`]);
      const { code, stderr } = await cli.run(['volume', 'create', ...args, unique('refused')]);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });

  it('refuses a size where the file system keeps no quotas', async () => {
    const name = unique('limited');
    const { code, stderr } = await cli.run(['volume', 'create', '--opt', 'size=10m', name]);
    if (code === 0) {
      const write =
        'dd if=/dev/zero of=/data/big bs=1M count=20 2>&1 | tail -1; ls -l /data/big | awk "{print \\$5}"';
      assert.match(await sh(name, write), /\n(9|10)\d{6}$/);
      await cli.out('volume', 'rm', name);
      return;
    }
    assert.match(stderr, /quota/);
    assert.equal((await cli.run(['volume', 'inspect', name])).code, 1);
  });

  it('a second create with other options is refused', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('Docker returns the old one');
    const name = unique('twice');
    await create(name, { type: 'tmpfs', device: 'tmpfs' });
    await create(name, { type: 'tmpfs', device: 'tmpfs' });
    const { code, stderr } = await cli.run([
      'volume',
      'create',
      '--opt',
      'type=none',
      '--opt',
      'device=/tmp',
      name,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /exists already, with other options/);
    await cli.out('volume', 'rm', name);
  });
});
