import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { claimControllers, parseOwnControllers } from '#sys/cgroup-claim.ts';

test('cgroup claim › own controllers are those of version 1 hierarchies', () => {
  const text = '11:hugetlb:/\n9:name=systemd:/\n2:cpu,cpuacct:/x\n0::/\n';
  assert.deepEqual(parseOwnControllers(text), ['hugetlb', 'cpu', 'cpuacct']);
});

test('cgroup claim › a refused controller names itself and leaves no descriptor open', async () => {
  const before = fs.readdirSync('/proc/self/fd').length;
  await assert.rejects(claimControllers(['no-such-controller']), /no-such-controller/);
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
});
