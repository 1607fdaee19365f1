import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { cgroupDirectory, cgroupVersion, readCgroupFile } from '../../support/cgroup-file.ts';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

const megabyte = 1024 * 1024;

/** What the test reads of `docker stats --format json`. */
interface StatsLine {
  MemUsage: string;
  CPUPerc: string;
  PIDs: string;
  BlockIO: string;
}

/** A disk of 8 MiB, in a file. */
async function makeDisk(directory: string): Promise<AsyncDisposable & { path: string }> {
  const image = `${directory}/disk`;
  fs.writeFileSync(image, Buffer.alloc(8 * megabyte));
  const path = await outputOf('losetup', ['--find', '--show', image]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await outputOf('losetup', ['--detach', path]);
      fs.rmSync(image);
    },
  };
}

describeEngine('limits and usage', ({ cli, engine, unique }) => {
  const start = async (name: string, options: string[], ...command: string[]): Promise<string> => {
    const words = command.length > 0 ? command : ['sleep', '1000'];
    await cli.out('run', '--detach', '--name', name, ...options, 'busybox', ...words);
    return cli.out('inspect', '--format', '{{.State.Pid}}', name);
  };
  const read = (pid: string, controller: string, v1: string, v2: string): string =>
    readCgroupFile(pid, controller, { v1, v2 });

  it('memory is limited with its swap, and reserved', async () => {
    const name = unique('memory');
    const pid = await start(name, ['-m', '64m', '--memory-swap', '96m', '--memory-reservation', '32m']);
    assert.equal(read(pid, 'memory', 'memory.limit_in_bytes', 'memory.max'), String(64 * megabyte));
    const swap = cgroupVersion === 2 ? 32 : 96;
    assert.equal(
      read(pid, 'memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max'),
      String(swap * megabyte),
    );
    assert.equal(read(pid, 'memory', 'memory.soft_limit_in_bytes', 'memory.low'), String(32 * megabyte));
    await cli.out('rm', '-f', name);
  });

  it('processors are limited by their number, share and choice', async () => {
    const name = unique('cpu');
    const pid = await start(name, ['--cpu-shares', '512', '--cpuset-cpus', '0', '--cpuset-mems', '0']);
    // Of 2 to 262144 shares and a weight of 1 to 10000.
    const weight = Math.floor(1 + ((512 - 2) * 9999) / 262142);
    assert.equal(read(pid, 'cpu', 'cpu.shares', 'cpu.weight'), cgroupVersion === 2 ? String(weight) : '512');
    assert.equal(read(pid, 'cpuset', 'cpuset.cpus', 'cpuset.cpus'), '0');
    assert.equal(read(pid, 'cpuset', 'cpuset.mems', 'cpuset.mems'), '0');
    await cli.out('rm', '-f', name);
    const refused = await cli.run(['run', '--rm', '--cpuset-cpus', '0,999', 'busybox', 'true']);
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /Requested CPUs are not available - requested 0,999, available: 0/);
  });

  it('update changes what a running container has', async () => {
    const name = unique('update');
    const pid = await start(name, ['-m', '64m']);
    await cli.out('update', '-m', '128m', '--memory-swap', '192m', name);
    await cli.out('update', '--pids-limit', '55', '--cpu-shares', '256', '--cpu-quota', '30000', name);
    const beyondSwap = await cli.run(['update', '-m', '256m', name]);
    assert.match(
      beyondSwap.stderr,
      /smaller than already set memoryswap limit, update the memoryswap at the same time/,
    );
    assert.equal(read(pid, 'memory', 'memory.limit_in_bytes', 'memory.max'), String(128 * megabyte));
    assert.equal(read(pid, 'pids', 'pids.max', 'pids.max'), '55');
    assert.match(read(pid, 'cpu', 'cpu.cfs_quota_us', 'cpu.max'), /^30000( 100000)?$/);
    assert.match(read(pid, 'cpu', 'cpu.shares', 'cpu.weight'), /^(256|10)$/);
    await cli.out('rm', '-f', name);
  });

  it('update takes limits away by -1, and none is none from the start', async () => {
    for (const options of [
      ['--pids-limit', '55', '--cpu-quota', '30000'],
      ['--pids-limit', '-1', '--cpu-quota', '-1'],
    ]) {
      const name = unique('lifted');
      const pid = await start(name, options);
      await cli.out('update', '--pids-limit', '-1', '--cpu-quota', '-1', name);
      assert.equal(read(pid, 'pids', 'pids.max', 'pids.max'), 'max');
      assert.match(read(pid, 'cpu', 'cpu.cfs_quota_us', 'cpu.max'), /^(-1|max 100000)$/);
      await cli.out('rm', '-f', name);
    }
  });

  it('what the kernel cannot limit is left out with a warning', { skip: cgroupVersion === 1 }, async () => {
    const options = ['-m', '64m', '--oom-kill-disable', '--memory-swappiness', '50'];
    const { code, stderr } = await cli.run(['run', '--rm', ...options, 'busybox', 'true']);
    assert.equal(code, 0);
    assert.match(stderr, /memory swappiness capabilities.*Memory swappiness discarded/);
    assert.match(stderr, /does not support OomKillDisable. OomKillDisable discarded/);
    assert.equal(await cli.out('info', '--format', '{{.OomKillDisable}}'), 'false');
  });

  it('info tells the version and what can be limited', async () => {
    const fields = ['CgroupVersion', 'CgroupDriver', 'MemoryLimit', 'CPUShares', 'CPUSet', 'PidsLimit'];
    const format = fields.map((field) => `{{.${field}}}`).join(' ');
    assert.equal(await cli.out('info', '--format', format), `${cgroupVersion} cgroupfs true true true true`);
  });

  it('a process that wants more than the limit is killed, which state and events tell', async () => {
    const name = unique('oom');
    const command = ['sh', '-c', 'x=a; while true; do x=$x$x; done'];
    const limit = ['-m', '16m', '--memory-swap', '16m'];
    const { code } = await cli.run(['run', '--name', name, ...limit, 'busybox', ...command]);
    assert.equal(code, 137);
    assert.equal(await cli.out('inspect', '--format', '{{.State.OOMKilled}}', name), 'true');
    const until = String(Math.ceil(Date.now() / 1000) + 1);
    const events = await cli.out(
      ...['events', '--since', '0', '--until', until],
      ...['--filter', `container=${name}`, '--format', '{{.Action}}'],
    );
    assert.match(events, /^oom$/m);
    assert.match(events, /^die$/m);
    await cli.out('rm', name);
  });

  it('stats counts memory, processor time, processes and what was read of a disk', async () => {
    const name = unique('usage');
    const script = [
      'dd if=/dev/zero of=/dev/shm/held bs=1M count=24',
      'dd if=/dev/disk of=/dev/null bs=1M count=4 iflag=direct',
      'sleep 1000 &',
      'while true; do true; done',
    ].join('\n');
    await using disk = await makeDisk(engine().directory);
    // On version 1 newer kernels count only what is throttled.
    const device = ['--device', `${disk.path}:/dev/disk:r`, '--device-read-bps', `${disk.path}:1gb`];
    await start(name, ['-m', '64m', ...device], 'sh', '-c', script);
    await waitFor('the usage', async () => {
      const stats: StatsLine = JSON.parse(await cli.out('stats', '--no-stream', '--format', 'json', name));
      const [used = ''] = stats.MemUsage.split(' / ');
      const [readBytes = ''] = stats.BlockIO.split(' / ');
      return (
        /^(2[4-9]|[3-5]\d)(\.\d+)?MiB$/.test(used) &&
        stats.MemUsage.endsWith(' / 64MiB') &&
        Number.parseFloat(stats.CPUPerc) > 1 &&
        stats.PIDs === '2' &&
        /^4\.\d+MB$/.test(readBytes)
      );
    });
    await cli.out('rm', '-f', name);
  });

  it('stats of a container that does not run are nothing', async () => {
    const name = unique('still');
    await cli.out('create', '--name', name, 'busybox');
    const format = '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.PIDs}}';
    assert.equal(
      await cli.out('stats', '--no-stream', '--format', format, name),
      `${name} 0.00% 0B / 0B 0.00% 0B / 0B 0`,
    );
    await cli.out('rm', name);
  });

  it('pause freezes the group', async () => {
    const name = unique('pause');
    const pid = await start(name, []);
    await cli.out('pause', name);
    assert.equal(await cli.out('inspect', '--format', '{{.State.Status}}', name), 'paused');
    assert.match(read(pid, 'freezer', 'freezer.state', 'cgroup.freeze'), /^(FROZEN|1)$/);
    await cli.out('unpause', name);
    assert.match(read(pid, 'freezer', 'freezer.state', 'cgroup.freeze'), /^(THAWED|0)$/);
    await cli.out('rm', '-f', name);
  });

  it('--cgroup-parent is where the group is', async () => {
    const parent = `/dhow-test-${unique('group')}`;
    // From the root in any case, and nowhere outside.
    for (const given of [parent, parent.slice(1), `../..${parent}/`]) {
      const name = unique('parent');
      const pid = await start(name, ['--cgroup-parent', given]);
      const id = await cli.out('inspect', '--format', '{{.Id}}', name);
      const directory = cgroupDirectory(pid, 'pids');
      assert.ok(
        directory.endsWith(`pids${parent}/${id}`) || directory.endsWith(`cgroup${parent}/${id}`),
        directory,
      );
      await cli.out('rm', '-f', name);
      assert.equal(fs.existsSync(directory), false);
    }
    // It is the user's, who may have others in it.
    for (const root of ['.', ...fs.readdirSync('/sys/fs/cgroup')]) {
      const left = path.join('/sys/fs/cgroup', root, parent);
      if (fs.existsSync(left)) fs.rmdirSync(left);
    }
  });

  it('--cgroupns says whether the container sees where its group is', async () => {
    const groups = (mode: string): Promise<string> =>
      cli.out(
        'run',
        '--rm',
        '--cgroupns',
        mode,
        'busybox',
        'sh',
        '-c',
        'cut -d: -f3 /proc/self/cgroup | sort -u',
      );
    assert.equal(await groups('private'), '/');
    assert.match(await groups('host'), /^\/.*[0-9a-f]{64}$/m);
  });

  it('devices can be used as far as their rules say', async () => {
    const openForWriting = (options: string[], script: string) =>
      cli.run(['run', '--rm', ...options, 'busybox', 'sh', '-c', script]);
    const given = ': >/dev/given';
    const readOnly = await openForWriting(['--device', '/dev/kmsg:/dev/given:r'], given);
    assert.notEqual(readOnly.code, 0);
    assert.match(readOnly.stderr, /Operation not permitted/);
    assert.equal((await openForWriting(['--device', '/dev/kmsg:/dev/given:rw'], given)).code, 0);
    const made = 'mknod /tmp/made c 1 11 && : >/tmp/made';
    assert.match((await openForWriting([], made)).stderr, /Operation not permitted/);
    assert.equal((await openForWriting(['--device-cgroup-rule', 'c 1:11 w'], made)).code, 0);
  });
});
