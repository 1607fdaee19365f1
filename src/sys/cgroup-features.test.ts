import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { readCgroupFeatures } from '#sys/cgroup-features.ts';

/** A hierarchy's directory with these files in it. */
function makeHierarchy(t: TestContext, files: Record<string, string>): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-features-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    fs.writeFileSync(path.join(directory, name), text);
  }
  return directory;
}

test('version 2: what its controllers and the files of its groups say', (t) => {
  const unified = (files: Record<string, string>) => {
    const directory = makeHierarchy(t, {
      'cgroup.controllers': 'cpuset cpu io memory\n',
      'cpuset.cpus.effective': '0-1\n',
      ...files,
    });
    return readCgroupFeatures({ version: 2, mounts: [{ directory, unified: true, controllers: [] }] });
  };
  const features = unified({
    'cgroup.subtree_control': 'io memory\n',
    'group/memory.swap.max': 'max\n',
    'group/io.max': '',
  });
  assert.deepEqual(
    [features.memory, features.swap, features.swappiness, features.oomKillDisable, features.cpuset],
    [true, true, false, false, true],
  );
  assert.deepEqual(
    [features.pids, features.blkioThrottle, features.blkioWeight, features.cpus, features.memoryNodes],
    [false, true, false, '0-1', ''],
  );
  assert.equal(unified({ 'cgroup.subtree_control': 'memory\n', 'group/memory.max': 'max\n' }).swap, false);
  const notHandedDown = unified({ 'cgroup.subtree_control': '\n', 'group/cgroup.procs': '' });
  assert.deepEqual([notHandedDown.swap, notHandedDown.blkioWeight], [true, true]);
});

test('version 1: each hierarchy by its files, also those that its root does not have', (t) => {
  const mount = (controller: string, files: Record<string, string>) => ({
    directory: makeHierarchy(t, files),
    unified: false,
    controllers: [controller],
  });
  const hierarchies: CgroupHierarchies = {
    version: 1,
    mounts: [
      mount('memory', { 'memory.limit_in_bytes': '', 'memory.swappiness': '', 'group/tasks': '' }),
      mount('cpuset', { 'cpuset.cpus': '0-3\n', 'cpuset.mems': '0\n' }),
      mount('blkio', { 'blkio.throttle.read_bps_device': '', 'group/blkio.weight': '' }),
    ],
  };
  assert.deepEqual(readCgroupFeatures(hierarchies), {
    memory: true,
    memoryReservation: false,
    swap: false,
    swappiness: true,
    oomKillDisable: false,
    cpuShares: false,
    cpuQuota: false,
    cpuRealtime: false,
    cpuset: true,
    pids: false,
    blkioWeight: true,
    blkioWeightDevice: false,
    blkioThrottle: true,
    cpus: '0-3',
    memoryNodes: '0',
  });
});
