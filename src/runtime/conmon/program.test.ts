import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#log/log.ts';
import { createRuntimeProgram } from '#runtime/conmon/program.ts';

function prepare(t: TestContext, name: string, script: string) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-program-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const original = path.join(directory, name);
  fs.writeFileSync(original, script, { mode: 0o755 });
  const links = path.join(directory, 'bin');
  const runtime = { name, path: original, version: '1', commit: '' };
  return { original, links, program: createRuntimeProgram(runtime, links, silentLog) };
}

const run = (file: string) => execFileSync(file, { encoding: 'utf8' });
const openFiles = () => fs.readdirSync('/proc/self/fd').length;

test('crun is executed from a sealed copy, which is made again when it was upgraded', (t) => {
  const before = openFiles();
  const { original, links, program } = prepare(t, 'crun', '#!/bin/sh\necho one\n');
  const copy = program.path();
  assert.equal(copy, path.join(links, 'crun'));
  assert.equal(run(copy), 'one\n');
  assert.match(fs.readlinkSync(copy), /^\/proc\/\d+\/fd\/\d+$/);
  assert.equal(program.path(), copy);

  fs.writeFileSync(`${original}.new`, '#!/bin/sh\necho two\n', { mode: 0o755 });
  fs.renameSync(`${original}.new`, original);
  assert.equal(program.path(), copy);
  assert.equal(run(copy), 'two\n');

  program[Symbol.dispose]();
  assert.deepEqual(fs.readdirSync(links), []);
  assert.equal(openFiles(), before);
});

test('the file itself is executed when its copy cannot be, or when it is gone', (t) => {
  const before = openFiles();
  const failing = prepare(t, 'runc', '#!/bin/sh\nexit 1\n');
  assert.equal(failing.program.path(), failing.original);
  fs.rmSync(failing.original);
  assert.equal(failing.program.path(), failing.original);
  assert.equal(openFiles(), before);
});

test('a runtime that does not look for seals is not copied', (t) => {
  const { original, links, program } = prepare(t, 'kata', '#!/bin/sh\n');
  assert.equal(program.path(), original);
  assert.equal(fs.existsSync(links), false);
});
