import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitLimits } from '#engine/containers/fit-limits.ts';
import type { CgroupFeatures } from '#sys/cgroup-features.ts';

const all: CgroupFeatures = {
  memory: true,
  memoryReservation: true,
  swap: true,
  swappiness: true,
  oomKillDisable: true,
  cpuShares: true,
  cpuQuota: true,
  cpuRealtime: true,
  cpuset: true,
  pids: true,
  blkioWeight: true,
  blkioWeightDevice: true,
  blkioThrottle: true,
  cpus: '0-3,6',
  memoryNodes: '0',
};

test('limits that the kernel enforces stay as they are', () => {
  const limits = { memoryBytes: 10, memorySwapBytes: 20, memorySwappiness: 0, cpusetCpus: '1-2,6' };
  assert.deepEqual(
    fitLimits(limits, () => all),
    { limits, warnings: [] },
  );
});

test('what it does not enforce is left out with a warning for each', () => {
  const version2 = { ...all, swappiness: false, oomKillDisable: false };
  const { limits, warnings } = fitLimits(
    { memoryBytes: 10, memorySwapBytes: 20, memorySwappiness: 60, oomKillDisable: true },
    () => version2,
  );
  assert.deepEqual(limits, { memoryBytes: 10, memorySwapBytes: 20 });
  assert.match(warnings.join('\n'), /^.*Memory swappiness discarded\.\n.*OomKillDisable discarded\.$/);
  const none = fitLimits({ cpuPeriodUs: 1, cpuQuotaUs: 2, blkioThrottles: {} }, () => ({
    ...all,
    cpuQuota: false,
    blkioThrottle: false,
  }));
  assert.deepEqual(none.limits, {});
  assert.equal(none.warnings.length, 2);
});

test('memory is limited also where swap is not', () => {
  const { limits, warnings } = fitLimits({ memoryBytes: 10, memorySwapBytes: 20 }, () => ({
    ...all,
    swap: false,
  }));
  assert.deepEqual(limits, { memoryBytes: 10, memorySwapBytes: -1 });
  assert.match(warnings.join(), /Memory limited without swap/);
});

test('without an OOM killer a container without a limit is warned of', () => {
  assert.match(fitLimits({ oomKillDisable: true }, () => all).warnings.join(), /no memory limit is set/);
});

test('processors and memory nodes that are not there are named', () => {
  for (const [limits, message] of [
    [{ cpusetCpus: '0-6' }, /Requested CPUs are not available - requested 0-6, available: 0-3,6/],
    [{ cpusetCpus: '1,5' }, /requested 1,5/],
    [{ cpusetMems: '1' }, /Requested memory nodes are not available - requested 1, available: 0/],
  ] as const) {
    assert.throws(() => fitLimits(limits, () => all), { kind: 'InvalidParameter', message });
  }
});

test('real-time limits are refused where the kernel has none', () => {
  const limits = { cpuRealtimeRuntimeUs: 1000 };
  assert.deepEqual(fitLimits(limits, () => all).limits, limits);
  for (const wanted of [limits, { cpuRealtimePeriodUs: 1000 }]) {
    assert.throws(() => fitLimits(wanted, () => ({ ...all, cpuRealtime: false })), {
      kind: 'InvalidParameter',
      message: 'kernel does not support CPU real-time scheduler',
    });
  }
});
