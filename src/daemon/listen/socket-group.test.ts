import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { socketGroup } from '#daemon/listen/socket-group.ts';

test('socket group › by name or number, Docker’s where nothing is said, and root’s where that is not there', (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-group-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'group');
  fs.writeFileSync(file, 'root:x:0:\ndhow-users:x:4711:somebody\n# a note\nbroken\n');
  assert.equal(socketGroup(undefined, file), 0);
  assert.equal(socketGroup('', file), 0);
  assert.equal(socketGroup('dhow-users', file), 4711);
  assert.equal(socketGroup('99', file), 99);
  assert.throws(() => socketGroup('nobody-has-it', file), /there is no group "nobody-has-it".*groupadd/);
  fs.appendFileSync(file, 'docker:x:998:\n');
  assert.equal(socketGroup(undefined, file), 998);
  assert.equal(socketGroup('', file), 0);
  assert.equal(socketGroup(undefined, path.join(directory, 'absent')), 0);
});
