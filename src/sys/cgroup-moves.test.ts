import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import { createCgroupMoves, findOwnGroup } from '#sys/cgroup-moves.ts';

const hybrid: CgroupHierarchies = {
  version: 1,
  mounts: [
    { directory: '/c/memory', unified: false, controllers: ['memory'] },
    { directory: '/c/cpu', unified: false, controllers: ['cpu', 'cpuacct'] },
    { directory: '/c/unified', unified: true, controllers: [] },
  ],
};

test('a process’s own group is looked up in a hierarchy that is mounted', () => {
  assert.equal(findOwnGroup(hybrid, '17:hugetlb:/\n4:memory:/a:b\n0::/c\n'), '/c/memory/a:b');
  assert.equal(findOwnGroup(hybrid, '3:cpu,cpuacct:/a\n'), '/c/cpu/a');
  assert.equal(
    findOwnGroup(hybrid, '0::/system.slice/dhow.service\n'),
    '/c/unified/system.slice/dhow.service',
  );
  assert.equal(findOwnGroup(hybrid, '17:hugetlb:/\n'), undefined);
  assert.equal(findOwnGroup(hybrid, ''), undefined);
});

test('anticipating a move writes to the own group, and moves nothing', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-moves-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const before = fs.readFileSync('/proc/self/cgroup', 'utf8');
  const [, controllers = '', own = ''] = /^\d+:([^:]*):(.*)$/m.exec(before) ?? [];
  const file = path.join(directory, own, 'cgroup.procs');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '');
  const mount = {
    directory,
    unified: controllers === '',
    controllers: controllers.split(',').filter(Boolean),
  };
  createCgroupMoves({ version: 1, mounts: [mount] }).anticipate();
  while (fs.readFileSync(file, 'utf8') !== '0') await setTimeout(5);
  assert.equal(fs.readFileSync('/proc/self/cgroup', 'utf8'), before);
});

test('a group that cannot be written to is no failure', () => {
  createCgroupMoves({
    version: 2,
    mounts: [{ directory: '/nowhere', unified: true, controllers: [] }],
  }).anticipate();
});
