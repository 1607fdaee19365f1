import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGoDirectory, isGoSymlink, toGoFileMode } from '#wire/file-mode.ts';

test('modes as Go writes them', () => {
  assert.equal(toGoFileMode(0o100644), 0o644);
  assert.equal(toGoFileMode(0o040755), 0x8000_01ed);
  assert.equal(toGoFileMode(0o041777), 0x8010_01ff);
  assert.equal(toGoFileMode(0o120777), 0x0800_01ff);
  assert.equal(toGoFileMode(0o104755), 0x0080_01ed);
  assert.equal(toGoFileMode(0o020666), 0x0420_01b6);
});

test('types of Go’s modes', () => {
  assert.ok(isGoDirectory(toGoFileMode(0o040755)));
  assert.ok(!isGoDirectory(toGoFileMode(0o120777)));
  assert.ok(isGoSymlink(toGoFileMode(0o120777)));
  assert.ok(!isGoSymlink(toGoFileMode(0o040755)));
});
