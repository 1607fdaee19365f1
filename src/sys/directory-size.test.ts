import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { directorySize } from '#sys/directory-size.ts';
import { makeDirectoryAt, openAt, openDirectoryAt } from '#sys/file-tree.ts';
import { removeTree } from '#sys/remove-tree.ts';

test('files count once, whatever they are called and however deep they lie', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'size-'));
  try {
    fs.writeFileSync(path.join(directory, 'a'), 'x'.repeat(100));
    fs.linkSync(path.join(directory, 'a'), path.join(directory, 'b'));
    fs.symlinkSync('/etc/passwd', path.join(directory, 'c'));
    fs.writeFileSync(
      Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]),
      'x'.repeat(10),
    );
    nest(directory, 600, 'file');
    assert.equal(await directorySize(directory), 111);
    assert.equal(await directorySize(`${directory}/none`), 0);
  } finally {
    removeTree(directory);
  }
});

/** Makes a file of one byte deeper than a path can tell. */
function nest(directory: string, depth: number, file: string): void {
  let at = fs.openSync(directory, fs.constants.O_DIRECTORY);
  for (let level = 0; level < depth; level++) {
    makeDirectoryAt(at, 'directory', 0o755);
    const below = openDirectoryAt(at, 'directory');
    fs.closeSync(at);
    at = below;
  }
  const made = openAt(at, file, fs.constants.O_CREAT | fs.constants.O_WRONLY, 0o644);
  fs.writeSync(made, 'x');
  fs.closeSync(made);
  fs.closeSync(at);
}
