import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createLogRotation } from '#runtime/logs/rotate.ts';

test('a writer is told once for each file, also when a daemon died before it could', (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-rotate-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const log = path.join(directory, 'log');
  const read = () =>
    Object.fromEntries(
      fs.readdirSync(directory).map((name) => [name, fs.readFileSync(path.join(directory, name), 'utf8')]),
    );
  let told = 0;
  const rotation = createLogRotation();
  const rotate = () => rotation.rotate('x', log, 3, () => void told++);

  rotate();
  assert.equal(told, 1, 'the file was moved by an earlier daemon');
  rotate();
  assert.equal(told, 1, 'and the writer has not come to it yet');
  for (const text of ['one', 'two', 'three']) {
    fs.writeFileSync(log, text);
    rotate();
    rotate();
  }
  assert.equal(told, 4);
  assert.deepEqual(read(), { 'log.2': 'two', 'log.3': 'three' });
  rotation.forget('x');
  rotate();
  assert.equal(told, 5);
});
