import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  findCgroupDirectories,
  killCgroup,
  parseCgroupMounts,
  readCgroupHierarchies,
  removeCgroup,
} from '#sys/cgroup.ts';

describe('parseCgroupMounts', () => {
  test('a host with the unified hierarchy only is version 2', () => {
    const text = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
    assert.deepEqual(parseCgroupMounts(text), {
      version: 2,
      mounts: [{ directory: '/sys/fs/cgroup', unified: true, controllers: [] }],
    });
  });

  test('a host with controllers elsewhere is version 1, and each hierarchy counts once', () => {
    const text = [
      '31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      '32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
      '34 30 0:28 / /elsewhere\\\\040cpu rw - cgroup cgroup rw,cpu,cpuacct',
      '35 30 0:30 /sub /part rw - cgroup cgroup rw,pids',
      '36 30 0:31 / /plain rw - tmpfs tmpfs rw',
    ].join('\n');
    assert.deepEqual(parseCgroupMounts(text), {
      version: 1,
      mounts: [
        { directory: '/sys/fs/cgroup/unified', unified: true, controllers: [] },
        { directory: '/sys/fs/cgroup/cpu,cpuacct', unified: false, controllers: ['cpu', 'cpuacct'] },
        { directory: '/sys/fs/cgroup/systemd', unified: false, controllers: ['name=systemd'] },
      ],
    });
  });

  test('only a named hierarchy beside the unified one is version 2 still', () => {
    const text =
      '31 30 0:27 / /u rw - cgroup2 cgroup2 rw\n33 30 0:29 / /s rw - cgroup cgroup rw,none,name=systemd\n';
    assert.equal(parseCgroupMounts(text).version, 2);
  });
});

test('a group outside or at the root of a hierarchy is never touched', () => {
  const hierarchies = readCgroupHierarchies();
  for (const path of ['/', '', '.', '//', '/a/../..', 'a']) {
    assert.deepEqual(findCgroupDirectories(hierarchies, path), []);
  }
  assert.equal(killCgroup(hierarchies, '/'), 0);
  assert.equal(removeCgroup(hierarchies, '/dhow-rt-absent'), true);
});
