import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { tryLockFile } from '#sys/file-lock.ts';

test('file lock › a second taker is refused until the first lets go', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-lock-'));
  const file = path.join(directory, 'lock');
  const takeElsewhere = () => {
    const script = `import { tryLockFile } from '#sys/file-lock.ts'; console.log(tryLockFile(${JSON.stringify(file)}) !== undefined)`;
    return execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
    }).trim();
  };
  try {
    const lock = tryLockFile(file);
    assert.ok(lock);
    assert.equal(fs.readFileSync(file, 'utf8'), `${process.pid}\n`);
    assert.equal(takeElsewhere(), 'false');
    lock[Symbol.dispose]();
    assert.equal(takeElsewhere(), 'true');
    assert.ok(fs.existsSync(file));
    const passing = tryLockFile(file, 'removed');
    assert.ok(passing);
    assert.equal(takeElsewhere(), 'false');
    passing[Symbol.dispose]();
    assert.ok(!fs.existsSync(file));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
