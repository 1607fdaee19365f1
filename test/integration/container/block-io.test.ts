import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { readCgroupHierarchies } from '../../../src/sys/cgroup.ts';
import { readCgroupFeatures } from '../../../src/sys/cgroup-features.ts';
import { cgroupDirectory, cgroupVersion, readCgroupFile } from '../../support/cgroup-file.ts';
import { describeEngine } from '../../support/describe-engine.ts';

/** Some block device of the machine: the limits are read back, not tried. */
function findBlockDevice(): { path: string; number: string } {
  const [name = ''] = fs.readdirSync('/sys/block').sort();
  return { path: `/dev/${name}`, number: fs.readFileSync(`/sys/block/${name}/dev`, 'utf8').trim() };
}

/** Of 10 to 1000, or on version 2 without the scheduler BFQ of 1 to 10000. */
function readWeight(pid: string): string {
  const hasBfq = fs.existsSync(`${cgroupDirectory(pid, 'blkio')}/io.bfq.weight`);
  return readCgroupFile(pid, 'blkio', { v1: 'blkio.weight', v2: hasBfq ? 'io.bfq.weight' : 'io.weight' });
}

describeEngine('limits of block devices', ({ cli, unique }) => {
  test('throttles reach the kernel and are shown by inspect', async () => {
    const device = findBlockDevice();
    const name = unique('throttled');
    await cli.out(
      ...['run', '--detach', '--name', name, '--device-read-bps', `${device.path}:1mb`],
      ...['--device-write-iops', `${device.path}:50`, 'busybox', 'sleep', '1000'],
    );
    const pid = await cli.out('inspect', '--format', '{{.State.Pid}}', name);
    const read = (v1: string): string => readCgroupFile(pid, 'blkio', { v1, v2: 'io.max' });
    if (cgroupVersion === 2) {
      assert.equal(read(''), `${device.number} rbps=1048576 wbps=max riops=max wiops=50`);
    } else {
      assert.equal(read('blkio.throttle.read_bps_device'), `${device.number} 1048576`);
      assert.equal(read('blkio.throttle.write_iops_device'), `${device.number} 50`);
    }
    const shown = await cli.out('inspect', '--format', '{{json .HostConfig.BlkioDeviceReadBps}}', name);
    assert.deepEqual(JSON.parse(shown), [{ Path: device.path, Rate: 1048576 }]);
    await cli.out('rm', '--force', name);
  });

  test('a weight reaches the kernel, or its absence is told', async () => {
    const name = unique('weighed');
    const options = ['run', '--detach', '--name', name, '--blkio-weight', '300'];
    const { code, stderr } = await cli.run([...options, 'busybox', 'sleep', '1000']);
    assert.equal(code, 0, stderr);
    if (readCgroupFeatures(readCgroupHierarchies()).blkioWeight) {
      const pid = await cli.out('inspect', '--format', '{{.State.Pid}}', name);
      assert.match(readWeight(pid), /(^|default )(300|2930)$/m);
    } else {
      assert.match(stderr, /Block I\/O weight.*Weight discarded/);
    }
    await cli.out('rm', '--force', name);
  });

  test('what is no block device is named', async () => {
    const { code, stderr } = await cli.run([
      'run',
      '--rm',
      '--device-read-bps',
      '/dev/null:1mb',
      'busybox',
      'true',
    ]);
    assert.equal(code, 125);
    assert.match(stderr, /\/dev\/null is not a block device/);
  });
});
