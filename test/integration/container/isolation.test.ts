import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { hasAppArmor } from '../../../src/sys/security-modules.ts';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';

/** Docker's default capabilities: CHOWN, DAC_OVERRIDE, FSETID, FOWNER, MKNOD, NET_RAW, SETGID, SETUID, SETFCAP, SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, KILL, AUDIT_WRITE. */
const defaultCapabilities = '00000000a80425fb';

describeEngine('container › isolation', ({ cli, unique }) => {
  const name = unique('isolated');
  before(() => cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000'));
  after(() => cli.out('rm', '-f', name));
  const inside = (script: string): Promise<string> => cli.out('exec', name, 'sh', '-c', script);
  const status = async (field: string, options: string[] = []): Promise<string> =>
    (await cli.out('run', '--rm', ...options, 'busybox', 'grep', `^${field}:`, '/proc/self/status')).split(
      /\s+/,
    )[1] ?? '';

  it('has namespaces of its own', async () => {
    for (const kind of ['pid', 'mnt', 'uts', 'ipc', 'net']) {
      assert.notEqual(
        await inside(`readlink /proc/1/ns/${kind}`),
        fs.readlinkSync(`/proc/self/ns/${kind}`),
        kind,
      );
    }
    assert.equal(await inside('cat /proc/1/comm'), 'sleep');
  });

  it('has the cgroup namespace that --cgroupns says', async () => {
    const read = (...options: string[]): Promise<string> =>
      cli.out('run', '--rm', ...options, 'busybox', 'readlink', '/proc/self/ns/cgroup');
    const host = fs.readlinkSync('/proc/self/ns/cgroup');
    assert.equal(await read('--cgroupns', 'host'), host);
    assert.notEqual(await read('--cgroupns', 'private'), host);
  });

  it('has Docker’s capabilities and no more', async () => {
    assert.equal(await status('CapEff'), defaultCapabilities);
    assert.equal(await status('CapBnd'), defaultCapabilities);
    assert.equal(await status('CapAmb'), '0000000000000000');
    assert.equal(await status('CapEff', ['-u', 'alice']), '0000000000000000');
  });

  it('--cap-drop and --cap-add change them', async () => {
    assert.equal(await status('CapEff', ['--cap-drop', 'ALL']), '0000000000000000');
    assert.equal(await status('CapEff', ['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN']), '0000000000001000');
  });

  it('filters system calls, unless told not to', async () => {
    assert.equal(await status('Seccomp'), '2');
    assert.equal(await status('Seccomp', ['--security-opt', 'seccomp=unconfined']), '0');
    for (const namespace of ['-U', '-Urm', '-n']) {
      const { code, stderr } = await cli.run(['run', '--rm', 'busybox', 'unshare', namespace, 'true']);
      assert.notEqual(code, 0);
      assert.match(stderr, /Operation not permitted/);
    }
    const mount = await cli.run(['run', '--rm', 'busybox', 'mount', '-t', 'tmpfs', 'none', '/tmp']);
    assert.match(mount.stderr, /Operation not permitted|permission denied/i);
  });

  it('--security-opt no-new-privileges', async () => {
    assert.equal(await status('NoNewPrivs', ['--security-opt', 'no-new-privileges']), '1');
    assert.equal(await status('NoNewPrivs'), '0');
  });

  it('an AppArmor profile means nothing on a host without AppArmor', { skip: hasAppArmor() }, async () => {
    const profile = ['--security-opt', 'apparmor=no-such-profile'];
    assert.equal(await cli.out('run', '--rm', ...profile, 'busybox', 'echo', 'runs'), 'runs');
  });

  it('--security-opt apparmor confines by a profile of the host', { skip: !hasAppArmor() }, async () => {
    const profile = unique('dhow-test');
    const rules = `profile ${profile} flags=(attach_disconnected) { file, capability, signal, deny /etc/passwd r, }`;
    await outputOf('apparmor_parser', ['--replace'], { input: rules });
    try {
      const confined = ['--security-opt', `apparmor=${profile}`, 'busybox'];
      const { code, stderr } = await cli.run(['run', '--rm', ...confined, 'cat', '/etc/passwd']);
      assert.equal(code, 1);
      assert.match(stderr, /Permission denied/);
      const box = await cli.out('run', '--detach', ...confined, 'sleep', '1000');
      const current = await cli.out('exec', box, 'cat', '/proc/self/attr/current');
      assert.equal(current, `${profile} (enforce)`);
      assert.equal(await cli.out('inspect', '--format', '{{.AppArmorProfile}}', box), profile);
      await cli.out('rm', '--force', box);
    } finally {
      await outputOf('apparmor_parser', ['--remove'], { input: rules });
    }
    const missing = await cli.run([
      'run',
      '--rm',
      '--security-opt',
      `apparmor=${profile}`,
      'busybox',
      'true',
    ]);
    assert.equal(missing.code, 125);
    assert.match(missing.stderr, /apparmor/i);
  });

  it('hides and protects what the kernel shows of the host', async () => {
    assert.equal(await inside('cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c'), '0');
    assert.equal(
      await inside('ls /sys/firmware /proc/scsi 2>/dev/null | grep -v : | tr -d "\\n" | wc -c'),
      '0',
    );
    for (const file of ['/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/proc/irq/x', '/sys/kernel/x']) {
      const { code } = await cli.run(['exec', name, 'sh', '-c', `echo x > ${file}`]);
      assert.notEqual(code, 0, file);
    }
  });

  it('has only the harmless devices, and cannot use others', async () => {
    assert.equal(
      await inside('cd /dev; find . -type c ! -path "./pts/*" | sort | tr "\\n" " "'),
      './full ./null ./random ./tty ./urandom ./zero',
    );
    const refused = await cli.run([
      'exec',
      name,
      'sh',
      '-c',
      'mknod /tmp/disk b 254 0 && head -c1 /tmp/disk',
    ]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /Operation not permitted/);
  });

  it('--device gives one more', async () => {
    assert.equal(
      await cli.out(
        'run',
        '--rm',
        '--device',
        '/dev/fuse:/dev/given',
        'busybox',
        'sh',
        '-c',
        'ls -l /dev/given | cut -c1',
      ),
      'c',
    );
  });

  it('--privileged has all capabilities and devices', async () => {
    const effective = await status('CapEff', ['--privileged']);
    assert.ok(BigInt(`0x${effective}`) > BigInt(`0x${defaultCapabilities}`));
    assert.equal(
      await cli.out('run', '--rm', '--privileged', 'busybox', 'sh', '-c', 'test -e /dev/fuse && echo yes'),
      'yes',
    );
  });

  it('sees no mount of the host but those it was given', async () => {
    const mounts = (await inside('cut -d" " -f2,3 /proc/mounts')).split('\n');
    const targets = mounts.map((line) => line.split(' ')[0]);
    for (const given of [
      '/',
      '/proc',
      '/dev',
      '/dev/pts',
      '/sys',
      '/dev/mqueue',
      '/dev/shm',
      '/etc/resolv.conf',
      '/etc/hostname',
      '/etc/hosts',
    ]) {
      assert.ok(targets.includes(given), `${given} in ${targets}`);
    }
    assert.equal(mounts[0], '/ overlay');
    const foreign = targets.filter(
      (target) => !/^\/($|proc|dev|sys|etc\/(resolv.conf|hostname|hosts)$)/.test(target ?? ''),
    );
    assert.deepEqual(foreign, []);
  });

  it('has a loopback and one link to the bridge', async () => {
    const links = await inside('ls /sys/class/net | sort | tr "\\n" " "');
    assert.match(links, /^eth0 (\S+ )*lo/);
    assert.match(await inside('ip -4 addr show eth0'), /inet \d+\.\d+\.\d+\.\d+\/\d+/);
    assert.match(await inside('ip route'), /^default via \S+ dev eth0/);
  });

  it('--network none has loopback alone, and host the host’s', async () => {
    assert.equal(
      await cli.out(
        'run',
        '--rm',
        '--network',
        'none',
        'busybox',
        'sh',
        '-c',
        'ip -4 -o addr | wc -l; ip route',
      ),
      '1',
    );
    assert.equal(
      await cli.out('run', '--rm', '--network', 'host', 'busybox', 'readlink', '/proc/self/ns/net'),
      fs.readlinkSync('/proc/self/ns/net'),
    );
  });

  it('--pid and --ipc can be the host’s', async () => {
    assert.equal(
      await cli.out('run', '--rm', '--pid', 'host', 'busybox', 'readlink', '/proc/self/ns/pid'),
      fs.readlinkSync('/proc/self/ns/pid'),
    );
    assert.equal(
      await cli.out('run', '--rm', '--ipc', 'host', 'busybox', 'readlink', '/proc/self/ns/ipc'),
      fs.readlinkSync('/proc/self/ns/ipc'),
    );
  });
});
