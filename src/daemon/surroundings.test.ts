import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { warnOfSurroundings } from '#daemon/surroundings.ts';

test('surroundings › a chroot is what has another root in the same mount namespace', (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-surroundings-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  /** What /proc would show: of process 1, and of the daemon. */
  const proc = (namespaces: [string, string], roots: [string, string]): string => {
    const made = fs.mkdtempSync(path.join(directory, 'proc-'));
    for (const [index, pid] of ['1', 'self'].entries()) {
      fs.mkdirSync(path.join(made, pid, 'ns'), { recursive: true });
      fs.symlinkSync(namespaces[index] ?? '', path.join(made, pid, 'ns/mnt'));
      fs.symlinkSync(roots[index] ?? '', path.join(made, pid, 'root'));
    }
    return made;
  };
  const warningsOf = (directory: string, mountPoints = ['/', '/proc']): string[] =>
    warnOfSurroundings(directory, mountPoints);
  assert.deepEqual(warningsOf(proc(['mnt:[1]', 'mnt:[1]'], ['/', '/'])), []);
  assert.deepEqual(warningsOf(proc(['mnt:[1]', 'mnt:[2]'], ['/', directory])), []);
  assert.deepEqual(warningsOf(path.join(directory, 'absent')), []);
  assert.match(warningsOf(proc(['mnt:[1]', 'mnt:[1]'], ['/', directory]))[0] ?? '', /chroot/);
  assert.match(warningsOf(proc(['mnt:[1]', 'mnt:[2]'], ['/', '/']), ['/proc'])[0] ?? '', /chroot/);
});

test('surroundings › there is nothing to warn of here', () => {
  assert.deepEqual(warnOfSurroundings(), []);
});
