import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#log/log.ts';
import { takeRunDirectory } from '#runtime/run-directory.ts';

const tmpfs = 0x01021994;

function parentIn(t: TestContext, parent: string): string {
  const directory = fs.mkdtempSync(path.join(parent, 'dhow-rt-run-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

/** Two directories of which one is on a disk and one in memory, or nothing where the machine has not both. */
function prepare(t: TestContext): { disk: string; memory: string } | undefined {
  if (fs.statfsSync(os.tmpdir()).type === tmpfs || fs.statfsSync('/dev/shm').type !== tmpfs) {
    t.skip('needs a temporary directory on a disk and /dev/shm in memory');
    return undefined;
  }
  return { disk: parentIn(t, os.tmpdir()), memory: parentIn(t, '/dev/shm') };
}

test('a run directory on a disk leads into memory for as long as something runs', (t) => {
  const places = prepare(t);
  if (!places) return;
  const directory = path.join(places.disk, 'runtime');
  const first = takeRunDirectory(directory, silentLog, places.memory);
  assert.equal(fs.statfsSync(directory).type, tmpfs);
  assert.equal(fs.statSync(directory).mode & 0o777, 0o700);
  const container = path.join(directory, 'c/x');
  fs.mkdirSync(container, { recursive: true });
  first[Symbol.dispose]();
  assert.ok(fs.existsSync(container));

  const second = takeRunDirectory(directory, silentLog, places.memory);
  assert.ok(fs.existsSync(container));
  assert.equal(fs.readdirSync(places.memory).length, 1);
  fs.rmdirSync(container);
  second[Symbol.dispose]();
  assert.deepEqual([fs.readdirSync(places.disk), fs.readdirSync(places.memory)], [[], []]);
});

test('what a link leads to is used only when it is ours', (t) => {
  const places = prepare(t);
  if (!places) return;
  const directory = path.join(places.disk, 'runtime');
  const stranger = path.join(places.memory, 'stranger');
  fs.symlinkSync(stranger, directory);
  using _afterReboot = takeRunDirectory(directory, silentLog, places.memory);
  assert.notEqual(fs.readlinkSync(directory), stranger);

  for (const change of [() => fs.chmodSync(stranger, 0o777), () => fs.chownSync(stranger, 4242, 4242)]) {
    fs.mkdirSync(path.join(stranger, 'c/x'), { recursive: true, mode: 0o700 });
    change();
    fs.rmSync(directory, { force: true });
    fs.symlinkSync(stranger, directory);
    using _taken = takeRunDirectory(directory, silentLog, places.memory);
    assert.notEqual(fs.readlinkSync(directory), stranger);
    assert.ok(fs.existsSync(path.join(stranger, 'c/x')));
    fs.rmSync(stranger, { recursive: true });
  }
});

test('containers that run on a disk stay there', (t) => {
  const places = prepare(t);
  if (!places) return;
  const directory = path.join(places.disk, 'runtime');
  fs.mkdirSync(path.join(directory, 'e/x'), { recursive: true, mode: 0o700 });
  using _taken = takeRunDirectory(directory, silentLog, places.memory);
  assert.ok(fs.existsSync(path.join(directory, 'e/x')));
  assert.deepEqual(fs.readdirSync(places.memory), []);
});

test('without a place in memory, or with the run root in memory, it is a plain directory', (t) => {
  const places = prepare(t);
  if (!places) return;
  for (const directory of [path.join(places.disk, 'runtime'), path.join(places.memory, 'runtime')]) {
    const taken = takeRunDirectory(directory, silentLog, os.tmpdir());
    assert.ok(fs.lstatSync(directory).isDirectory());
    taken[Symbol.dispose]();
    assert.equal(fs.existsSync(directory), false);
  }
});
