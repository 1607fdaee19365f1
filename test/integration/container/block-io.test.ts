import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readCgroupHierarchies } from '../../../src/sys/cgroup.ts';
import type { Daemon } from '../../support/daemon.ts';
import { describeEngine } from '../../support/describe-engine.ts';

/** Some block device of the machine: the limits are read back, not tried. */
function findBlockDevice(): { path: string; number: string } {
  const [name = ''] = fs.readdirSync('/sys/block').sort();
  return { path: `/dev/${name}`, number: fs.readFileSync(`/sys/block/${name}/dev`, 'utf8').trim() };
}

describeEngine('limits of block devices', ({ cli, engine, unique }) => {
  test('throttles reach the kernel and are shown by inspect', async () => {
    const device = findBlockDevice();
    const name = unique('throttled');
    await cli.out(
      ...['run', '--detach', '--name', name, '--device-read-bps', `${device.path}:1mb`],
      ...['--device-write-iops', `${device.path}:50`, 'busybox', 'sleep', '1000'],
    );
    const id = await cli.out('inspect', '--format', '{{.Id}}', name);
    const { cgroupParent } = engine() as Daemon;
    const { version, mounts } = readCgroupHierarchies();
    const hierarchy = mounts.find(({ unified, controllers }) =>
      version === 2 ? unified : controllers.includes('blkio'),
    );
    const read = (file: string): string =>
      fs.readFileSync(path.join(hierarchy?.directory ?? '', cgroupParent, id, file), 'utf8');
    if (version === 2) {
      assert.match(read('io.max'), new RegExp(`${device.number} rbps=1048576 wbps=max riops=max wiops=50`));
    } else {
      assert.equal(read('blkio.throttle.read_bps_device'), `${device.number} 1048576\n`);
      assert.equal(read('blkio.throttle.write_iops_device'), `${device.number} 50\n`);
    }
    const shown = await cli.out('inspect', '--format', '{{json .HostConfig.BlkioDeviceReadBps}}', name);
    assert.deepEqual(JSON.parse(shown), [{ Path: device.path, Rate: 1048576 }]);
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
