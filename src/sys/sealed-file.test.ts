import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { copySealed } from '#sys/sealed-file.ts';

test('a sealed copy can be executed and read, and never changed', () => {
  const fd = copySealed('/bin/echo', 'dhow-test');
  const path = `/proc/${process.pid}/fd/${fd}`;
  try {
    assert.equal(execFileSync(path, ['hello'], { encoding: 'utf8' }), 'hello\n');
    assert.ok(fs.readFileSync(path).equals(fs.readFileSync('/bin/echo')));
    const writable = fs.openSync(path, 'r+');
    try {
      assert.throws(() => fs.writeSync(writable, 'x', 0), { code: 'EPERM' });
      assert.throws(() => fs.ftruncateSync(writable, 0), { code: 'EPERM' });
    } finally {
      fs.closeSync(writable);
    }
  } finally {
    fs.closeSync(fd);
  }
});

test('what cannot be copied leaves no descriptor open', () => {
  const before = fs.readdirSync('/proc/self/fd').length;
  assert.throws(() => copySealed('/nowhere/at/all', 'dhow-test'), { code: 'ENOENT' });
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
});
