import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  absolutePath,
  baseOf,
  parseCopyOperand,
  planCopy,
  renameEntry,
} from '#cli/commands/container/copy/paths.ts';

test('operands with and without a container', () => {
  assert.deepEqual(parseCopyOperand('web:/etc/hosts'), { container: 'web', path: '/etc/hosts' });
  assert.deepEqual(parseCopyOperand('web:a:b'), { container: 'web', path: 'a:b' });
  for (const path of ['file', './a:b', '/a:b', '-', ':x']) {
    assert.deepEqual(parseCopyOperand(path), { container: undefined, path });
  }
});

test('what a path’s end says is kept', () => {
  assert.equal(absolutePath('a/../b', '/w'), '/w/b');
  assert.equal(absolutePath('b/', '/w'), '/w/b/');
  assert.equal(absolutePath('b/.', '/w'), '/w/b/.');
  assert.equal(absolutePath('.', '/w'), '/w/.');
  assert.equal(absolutePath('/', '/w'), '/');
  assert.equal(baseOf('/w/b'), 'b');
  assert.equal(baseOf('/w/b/'), 'b');
  assert.equal(baseOf('/w/b/.'), '.');
  assert.equal(baseOf('/'), '/');
});

test('where things go', () => {
  const file = { isDirectory: false };
  const directory = { isDirectory: true };
  const there = { path: '/d', exists: true, isDirectory: true };
  assert.deepEqual(planCopy(file, there), { directory: '/d', renameTo: undefined });
  assert.deepEqual(planCopy(directory, there), { directory: '/d', renameTo: undefined });
  const other = { path: '/a/f', exists: true, isDirectory: false };
  assert.deepEqual(planCopy(file, other), { directory: '/a', renameTo: 'f' });
  assert.throws(() => planCopy(directory, other), /cannot copy directory/);
  const fresh = { path: '/a/new', exists: false, isDirectory: false };
  assert.deepEqual(planCopy(file, fresh), { directory: '/a', renameTo: 'new' });
  assert.deepEqual(planCopy(directory, fresh), { directory: '/a', renameTo: 'new' });
  assert.throws(() => planCopy(file, { ...fresh, path: '/a/new/' }), /no such directory/);
  assert.deepEqual(planCopy(directory, { ...fresh, path: '/a/new/' }), { directory: '/a', renameTo: 'new' });
});

test('entries are renamed at their beginning', () => {
  assert.equal(renameEntry('etc/', 'etc', 'new'), 'new');
  assert.equal(renameEntry('etc/etc/file', 'etc', 'new'), 'new/etc/file');
  assert.equal(renameEntry('./', '.', 'new'), 'new');
  assert.equal(renameEntry('./a/b', '.', 'new'), 'new/a/b');
  assert.equal(renameEntry('a/b', '.', 'new'), 'new/a/b');
  assert.equal(renameEntry('/', '/', 'new'), 'new');
  assert.equal(renameEntry('/bin/sh', '/', 'new'), 'new/bin/sh');
  assert.equal(renameEntry('etc/file', 'etc', undefined), 'etc/file');
});
