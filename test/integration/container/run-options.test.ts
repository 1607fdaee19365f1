import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it } from 'node:test';
import { readCgroupFile } from '../../support/cgroup-file.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('run › options', ({ cli, engine, unique }) => {
  const sh = (options: string[], script: string): Promise<string> =>
    cli.out('run', '--rm', ...options, 'busybox', 'sh', '-c', script);

  it('--env sets, overrides and passes on variables', async () => {
    const { stdout } = await cli.run(
      [
        'run',
        '--rm',
        '-e',
        'A=1',
        '-e',
        'A=2',
        '-e',
        'EMPTY=',
        '-e',
        'FROM_CALLER',
        '-e',
        'NOT_THERE',
        'busybox',
        'env',
      ],
      { environment: { FROM_CALLER: 'yes' } },
    );
    const lines = stdout.trim().split('\n');
    assert.ok(lines.includes('A=2') && !lines.includes('A=1'), stdout);
    assert.ok(lines.includes('EMPTY='));
    assert.ok(lines.includes('FROM_CALLER=yes'));
    assert.ok(!lines.some((line) => line.startsWith('NOT_THERE')));
    assert.ok(lines.includes('PATH=/usr/sbin:/bin'), 'the variables of the image stay');
    assert.ok(lines.some((line) => /^HOSTNAME=[0-9a-f]{12}$/.test(line)));
    assert.ok(lines.includes('HOME=/root'));
  });

  it('--env-file reads variables, and leaves out comments', async () => {
    const file = `${engine().directory}/${unique('env')}`;
    fs.writeFileSync(file, '# comment\nONE=1\n\nTWO=two words\n');
    assert.equal(await sh(['--env-file', file], 'echo "$ONE|$TWO"'), '1|two words');
  });

  it('--env-file is for the container alone', async () => {
    const file = `${engine().directory}/${unique('env')}`;
    fs.writeFileSync(
      file,
      'DOCKER_HOST=unix:///nowhere\nNODE_OPTIONS=--no-such-option\nDHOW_HOST=unix:///nowhere\n',
    );
    assert.equal(await sh(['--env-file', file], 'echo "$DOCKER_HOST"'), 'unix:///nowhere');
    const { code, stderr } = await cli.run([
      'run',
      '--rm',
      '--env-file',
      `${file}-missing`,
      'busybox',
      'true',
    ]);
    assert.equal(code, 125);
    assert.match(stderr, /no such file or directory/);
  });

  it('names without what belongs to them are refused', async () => {
    for (const option of ['--label=', '--label==x', '--env==x', '--sysctl=net.ipv4.ip_forward']) {
      const { code, stderr } = await cli.run(['run', '--rm', option, 'busybox', 'true']);
      assert.equal(code, 125, option);
      assert.match(stderr, /^invalid (argument|environment variable)/);
    }
  });

  it('a network and a container that are not there are not taken for a missing image', async () => {
    for (const [network, words] of [
      ['nowhere', /network nowhere not found/],
      ['container:nobody', /No such container: nobody/],
    ] as const) {
      const { code, stderr } = await cli.run(['run', '--rm', '--network', network, 'busybox', 'true']);
      assert.equal(code, 125);
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /Unable to find image/);
    }
  });

  it('--workdir is made when it is missing', async () => {
    assert.equal(await sh(['-w', '/made/for/this'], 'pwd'), '/made/for/this');
  });

  const users: [string, string][] = [
    ['-u alice', 'uid=1000(alice) gid=1000(alice) groups=50(staff),1000(alice)'],
    ['-u 1000', 'uid=1000(alice) gid=1000(alice) groups=50(staff),1000(alice)'],
    ['-u alice:staff', 'uid=1000(alice) gid=50(staff) groups=50(staff)'],
    ['-u 4242:4343', 'uid=4242 gid=4343 groups=4343'],
    ['-u 4242', 'uid=4242 gid=0(root) groups=0(root)'],
    ['-u :staff', 'uid=0(root) gid=50(staff) groups=50(staff)'],
    [
      '-u alice --group-add 77 --group-add daemon',
      'uid=1000(alice) gid=1000(alice) groups=1(daemon),50(staff),77,1000(alice)',
    ],
    ['--group-add staff', 'uid=0(root) gid=0(root) groups=0(root),50(staff)'],
  ];
  for (const [options, expected] of users) {
    it(`${options} is who the process is`, async () => {
      const sorted = (text: string): string =>
        text.replace(/groups=(.*)/, (_, list) => `groups=${list.split(',').sort()}`);
      assert.equal(sorted(await sh(options.split(' '), 'id')), sorted(expected));
    });
  }

  it('--group-add is for what exec starts too, whoever it is', async () => {
    const name = unique('groups');
    await cli.out('run', '-d', '--name', name, '--group-add', '77', 'busybox', 'sleep', '1000');
    const groups = await cli.out('exec', '-u', 'alice', name, 'grep', 'Groups:', '/proc/self/status');
    assert.deepEqual(groups.split(/\s+/).slice(1).filter(Boolean), ['50', '77', '1000']);
    await cli.out('rm', '-f', name);
  });

  it('--user that the image does not have is refused', async () => {
    const { code, stderr } = await cli.run(['run', '--rm', '-u', 'nosuchuser', 'busybox', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, /unable to find user nosuchuser/);
  });

  it('--entrypoint replaces the program and the arguments follow it', async () => {
    assert.equal(await cli.out('run', '--rm', '--entrypoint', '/bin/echo', 'busybox', 'a', 'b'), 'a b');
  });

  it('--hostname is the name of the container, also in its hosts file', async () => {
    assert.match(
      await sh(['--hostname', 'box'], 'hostname; grep box /etc/hosts; cat /etc/hostname'),
      /^box\n\S+\s+box\nbox$/,
    );
  });

  it('--volume binds a directory of the host, writable or read-only', async () => {
    const directory = `${engine().directory}/${unique('bind')}`;
    fs.mkdirSync(directory);
    fs.writeFileSync(`${directory}/from-host`, 'hello');
    assert.equal(
      await sh(['-v', `${directory}:/data`], 'cat /data/from-host; echo back > /data/from-container'),
      'hello',
    );
    assert.equal(fs.readFileSync(`${directory}/from-container`, 'utf8'), 'back\n');
    const refused = await cli.run([
      'run',
      '--rm',
      '-v',
      `${directory}:/data:ro`,
      'busybox',
      'touch',
      '/data/x',
    ]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Read-only file system/);
  });

  it('--volume with a name keeps files from one container to the next, and starts with those of the image', async () => {
    const volume = unique('volume');
    assert.equal(
      await sh(['-v', `${volume}:/etc`], 'echo kept > /etc/kept; head -n1 /etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh',
    );
    assert.equal(await sh(['-v', `${volume}:/mnt`], 'cat /mnt/kept'), 'kept');
    await cli.out('volume', 'rm', volume);
  });

  it('--volume finds a file of the host, and makes a directory that is missing', async () => {
    const { directory } = engine();
    const [file, missing] = [`${directory}/${unique('file')}`, `${directory}/${unique('missing')}/deep`];
    fs.writeFileSync(file, 'one file');
    assert.equal(await sh(['-v', `${file}:/one/file`], 'cat /one/file'), 'one file');
    await sh(['-v', `${missing}:/data`], 'touch /data/made');
    assert.deepEqual(fs.readdirSync(missing), ['made']);
  });

  it('an anonymous volume goes with --rm', async () => {
    await sh(['-v', '/data'], 'touch /data/file');
    const mine = await cli.out('volume', 'ls', '--quiet');
    assert.equal(mine.split('\n').filter((name) => /^[0-9a-f]{64}$/.test(name)).length, 0);
  });

  it('--tmpfs is empty, and no disk', async () => {
    assert.equal(
      await sh(['--tmpfs', '/scratch:size=1m'], 'ls /scratch; grep -c "^tmpfs /scratch tmpfs" /proc/mounts'),
      '1',
    );
  });

  it('--read-only refuses writes to the root', async () => {
    const { code, stderr } = await cli.run(['run', '--rm', '--read-only', 'busybox', 'touch', '/x']);
    assert.equal(code, 1);
    assert.match(stderr, /Read-only file system/);
  });

  it('--memory is the limit of its cgroup', async () => {
    const name = unique('memory');
    await cli.out('run', '-d', '--name', name, '-m', '64m', 'busybox', 'sleep', '1000');
    assert.equal(await cli.out('inspect', '--format', '{{.HostConfig.Memory}}', name), String(64 << 20));
    assert.equal(
      readCgroupFile(await pidOf(name), 'memory', { v1: 'memory.limit_in_bytes', v2: 'memory.max' }),
      String(64 << 20),
    );
    await cli.out('rm', '-f', name);
  });

  it('a process beyond --memory is killed', async () => {
    const name = unique('oom');
    const { code } = await cli.run([
      'run',
      '--name',
      name,
      '-m',
      '16m',
      '--memory-swap',
      '16m',
      'busybox',
      'sh',
      '-c',
      'x=$(head -c 64m /dev/zero | tr "\\0" x); echo "$x"',
    ]);
    assert.equal(code, 137);
    await cli.out('rm', name);
  });

  it('--cpus is a quota of its cgroup', async () => {
    const name = unique('cpus');
    await cli.out('run', '-d', '--name', name, '--cpus', '0.5', 'busybox', 'sleep', '1000');
    assert.match(
      readCgroupFile(await pidOf(name), 'cpu', { v1: 'cpu.cfs_quota_us', v2: 'cpu.max' }),
      /^50000( 100000)?$/,
    );
    await cli.out('rm', '-f', name);
  });

  it('--pids-limit refuses further processes', async () => {
    const { stderr } = await cli.run([
      'run',
      '--rm',
      '--pids-limit',
      '4',
      'busybox',
      'sh',
      '-c',
      'for i in 1 2 3 4 5 6; do sleep 5 & done; wait',
    ]);
    assert.match(stderr, /can't fork/);
  });

  it('--pids-limit is the limit of its cgroup', async () => {
    const name = unique('pids');
    await cli.out('run', '-d', '--name', name, '--pids-limit', '77', 'busybox', 'sleep', '1000');
    assert.equal(readCgroupFile(await pidOf(name), 'pids', { v1: 'pids.max', v2: 'pids.max' }), '77');
    await cli.out('rm', '-f', name);
  });

  it('--init reaps orphans as process 1', async () => {
    const text = await sh(
      ['--init'],
      'cat /proc/1/cmdline | tr "\\0" " "; (sleep 0.1 & ) ; sleep 0.5; ps -o stat | grep -c Z || true',
    );
    assert.match(text, /^(\/sbin\/docker-init|\/dev\/init|\S*init) -- sh -c .* 0$/s);
  });

  it('--detach prints the id; --rm removes the container when it ends', async () => {
    const id = await cli.out('run', '-d', '--rm', 'busybox', 'sleep', '1000');
    assert.match(id, /^[0-9a-f]{64}$/);
    await cli.out('kill', id);
    await waitFor('the removal', async () => (await cli.run(['inspect', id])).code === 1);
  });

  it('--cidfile holds the id', async () => {
    const file = `${engine().directory}/${unique('cid')}`;
    const id = await cli.out('run', '-d', '--cidfile', file, 'busybox', 'true');
    assert.equal(fs.readFileSync(file, 'utf8'), id);
    await cli.out('rm', '-f', id);
  });

  it('--label is stored and can be filtered by', async () => {
    const label = unique('label');
    const id = await cli.out('run', '-d', '-l', `${label}=yes`, 'busybox', 'true');
    assert.equal(await cli.out('ps', '-aq', '--no-trunc', '--filter', `label=${label}=yes`), id);
    await cli.out('rm', '-f', id);
  });

  async function pidOf(name: string): Promise<string> {
    return cli.out('inspect', '--format', '{{.State.Pid}}', name);
  }
});
