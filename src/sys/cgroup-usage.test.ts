import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findCgroupDirectories, readCgroupHierarchies, removeCgroup } from '#sys/cgroup.ts';
import { parseKeys, parseSeparateIo, parseUnifiedIo, readCgroupUsage } from '#sys/cgroup-usage.ts';

test('io.stat of version 2', () => {
  const text = '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n253:1 \n';
  assert.deepEqual(parseUnifiedIo(text), [
    { major: 8, minor: 0, readBytes: 4096, writtenBytes: 8192, readOperations: 1, writeOperations: 2 },
    { major: 253, minor: 1, readBytes: 0, writtenBytes: 0, readOperations: 0, writeOperations: 0 },
  ]);
});

test('blkio files of version 1', () => {
  const bytes = '8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 0\n8:0 Total 12288\nTotal 12288\n';
  const operations = '8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n';
  assert.deepEqual(parseSeparateIo(bytes, operations), [
    { major: 8, minor: 0, readBytes: 4096, writtenBytes: 8192, readOperations: 1, writeOperations: 2 },
  ]);
});

test('keys and numbers', () => {
  assert.deepEqual(parseKeys('cache 1\nrss 4096\n\n'), { cache: 1, rss: 4096 });
});

test('the usage of a real group, and of none', () => {
  const hierarchies = readCgroupHierarchies();
  const name = `/dhow-usage-test-${randomBytes(4).toString('hex')}`;
  for (const { directory, controllers, unified } of hierarchies.mounts) {
    if (unified === (hierarchies.version === 2) || controllers.includes('pids')) {
      fs.mkdirSync(path.join(directory, name));
    }
  }
  try {
    assert.ok(findCgroupDirectories(hierarchies, name).length > 0);
    const usage = readCgroupUsage(hierarchies, name);
    assert.equal(usage.pids.current, 0);
    assert.equal(usage.pids.limit, undefined);
  } finally {
    removeCgroup(hierarchies, name);
  }
  const none = readCgroupUsage(hierarchies, name);
  assert.equal(none.cpu.totalNanoseconds, 0);
  assert.deepEqual(none.io, []);
});
