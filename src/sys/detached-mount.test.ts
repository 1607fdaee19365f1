import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openWithoutSymlinks } from '#sys/detached-mount.ts';

test('a directory that is opened without symlinks has them, and leads nowhere by them', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'detached-'));
  fs.mkdirSync(path.join(directory, 'inner'));
  fs.writeFileSync(path.join(directory, 'inner/file'), 'text');
  fs.symlinkSync('/etc', path.join(directory, 'outside'));
  fs.symlinkSync('inner', path.join(directory, 'inside'));
  const fd = openWithoutSymlinks(directory);
  try {
    const opened = `/proc/self/fd/${fd}`;
    assert.deepEqual(fs.readdirSync(opened).sort(), ['inner', 'inside', 'outside']);
    assert.equal(fs.readFileSync(`${opened}/inner/file`, 'utf8'), 'text');
    assert.equal(fs.readlinkSync(`${opened}/outside`), '/etc');
    for (const name of ['outside/passwd', 'outside/', 'inside/file']) {
      assert.throws(() => fs.statSync(`${opened}/${name}`), { code: 'ELOOP' }, name);
    }
  } finally {
    fs.closeSync(fd);
    fs.rmSync(directory, { recursive: true });
  }
});
