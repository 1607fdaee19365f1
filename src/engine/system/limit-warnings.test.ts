import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitWarnings } from '#engine/system/limit-warnings.ts';
import type { CgroupFeatures } from '#sys/cgroup-features.ts';

const bare: CgroupFeatures = {
  memory: true,
  memoryReservation: true,
  swap: false,
  swappiness: false,
  oomKillDisable: false,
  cpuShares: true,
  cpuQuota: true,
  cpuRealtime: true,
  cpuset: true,
  pids: true,
  blkioWeight: false,
  blkioWeightDevice: false,
  blkioThrottle: true,
  cpus: '0',
  memoryNodes: '0',
};

test('info warns of limits that a version has and this kernel has not', () => {
  assert.deepEqual(limitWarnings(bare, 1), [
    'WARNING: No swap limit support',
    'WARNING: No oom kill disable support',
  ]);
  assert.deepEqual(limitWarnings(bare, 2), [
    'WARNING: No swap limit support',
    'WARNING: No io.weight support',
  ]);
});
