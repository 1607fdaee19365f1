import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { readCgroupHierarchies, removeCgroup } from '../../../src/sys/cgroup.ts';
import { readCgroupFeatures } from '../../../src/sys/cgroup-features.ts';
import { readCgroupFile } from '../../support/cgroup-file.ts';
import { cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

const cgroups = readCgroupHierarchies();
const { cpuRealtime } = readCgroupFeatures(cgroups);
const limits = ['--cpu-rt-period', '900000', '--cpu-rt-runtime', '40000'];
/** May become a real-time thread by the host's chrt(1), which busybox does not have. */
const permission = [
  ...['--cap-add', 'SYS_NICE', '-v', '/usr:/usr:ro'],
  ...['/lib', '/lib64']
    .filter((library) => fs.existsSync(library))
    .flatMap((library) => ['-v', `${library}:${library}:ro`]),
];
/** The kernel refuses it in a group without a budget. */
const realtimeThread = ['/usr/bin/chrt', '-f', '10', 'echo', 'in time'];

describe('real-time on a kernel with real-time groups', { skip: !cpuRealtime }, () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon({ args: ['--cpu-rt-runtime', '200000'] });
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const realtimeOf = (pid: string, what: 'period' | 'runtime'): string =>
    readCgroupFile(pid, 'cpu', { v1: `cpu.rt_${what}_us`, v2: '' });

  for (const name of cliNames) {
    for (const runtime of ['crun', 'runc']) {
      it(`is given to a container, and changed while it runs (${name}, ${runtime})`, async () => {
        const cli = daemon.cli(name);
        const container = `realtime-${name}-${runtime}`;
        const options = ['--runtime', runtime, ...permission, ...limits];
        await cli.out('run', '-d', '--name', container, ...options, 'busybox', 'sleep', '1000');
        const pid = await cli.out('inspect', '-f', '{{.State.Pid}}', container);
        assert.deepEqual([realtimeOf(pid, 'period'), realtimeOf(pid, 'runtime')], ['900000', '40000']);
        assert.equal(await cli.out('exec', container, ...realtimeThread), 'in time');
        await cli.out('update', '--cpu-rt-runtime', '30000', container);
        assert.equal(realtimeOf(pid, 'runtime'), '30000');
        assert.equal(
          await cli.out(
            ...['inspect', '-f'],
            '{{.HostConfig.CpuRealtimePeriod}} {{.HostConfig.CpuRealtimeRuntime}}',
            container,
          ),
          '900000 30000',
        );
        await cli.out('restart', '-t', '0', container);
        assert.equal(await cli.out('exec', container, ...realtimeThread), 'in time');
        await cli.out('rm', '-f', container);
      });

      it(`is refused beyond the daemon's budget (${name}, ${runtime})`, async () => {
        const { code, stderr } = await daemon
          .cli(name)
          .run(['run', '--rm', '--runtime', runtime, '--cpu-rt-runtime', '300000', 'busybox', 'true']);
        assert.equal(code, 125, stderr);
        assert.match(stderr, /have not so much real-time left \(see dhow daemon --cpu-rt-runtime\)/);
      });
    }

    it(`is for a parent of the container's own, too (${name})`, async () => {
      const cli = daemon.cli(name);
      const parent = `${daemon.cgroupParent}/deep-${name}`;
      const options = ['--cgroup-parent', parent, ...permission, ...limits];
      assert.equal(await cli.out('run', '--rm', ...options, 'busybox', ...realtimeThread), 'in time');
      removeCgroup(cgroups, parent);
    });

    it(`is of nobody who did not ask for it (${name})`, async () => {
      const { code, stderr } = await daemon
        .cli(name)
        .run(['run', '--rm', ...permission, 'busybox', ...realtimeThread]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /Operation not permitted/);
    });
  }
});

describe('real-time on a kernel without real-time groups', { skip: cpuRealtime }, () => {
  it('is refused', async () => {
    await using daemon = await startDaemon();
    await importBase(daemon);
    for (const name of cliNames) {
      const { code, stderr } = await daemon.cli(name).run(['create', ...limits, 'busybox']);
      assert.equal(code, 1);
      assert.match(stderr, /kernel does not support CPU real-time scheduler/);
    }
  });

  it('is refused to the daemon', async () => {
    await assert.rejects(
      startDaemon({ args: ['--cpu-rt-runtime', '200000'] }),
      /daemon-scoped cpu-rt-period and cpu-rt-runtime are not/,
    );
  });
});
