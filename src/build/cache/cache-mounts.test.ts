import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createCacheMounts } from '#build/cache/cache-mounts.ts';

const never = new AbortController().signal;

describe('cache mounts', () => {
  let directory: string;
  before(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-cache-mounts-'));
  });
  // Node cannot remove paths that are longer than the kernel takes.
  after(() => execFileSync('rm', ['-rf', directory]));

  const open = () =>
    createCacheMounts({
      directory,
      table: { recordMount: () => {}, remove: () => {} },
      removeTree: async (place) => void execFileSync('rm', ['-rf', place]),
    });
  const mount = (id: string, sharing: 'shared' | 'private' | 'locked') => ({
    ...({ type: 'cache', id, target: `/${id}`, readonly: false, sharing, source: '/' } as const),
    ...{ mode: 0o755, uid: 0, gid: 0 },
  });

  it('are one for all, one after the other, or each of its own', async () => {
    const mounts = open();
    await using first = await mounts.acquire(mount('a', 'shared'), never);
    await using second = await mounts.acquire(mount('a', 'shared'), never);
    await using own = await mounts.acquire(mount('a', 'private'), never);
    assert.deepEqual([first.fresh, second.fresh, own.fresh], [true, false, true]);
    assert.equal(first.directory, second.directory);
    assert.notEqual(own.directory, first.directory);
    assert.equal(await mounts.remove(path.basename(first.directory)), false);
  });

  it('that are locked can be waited for, and the waiting be given up', async () => {
    const mounts = open();
    const held = await mounts.acquire(mount('b', 'locked'), never);
    const abort = new AbortController();
    const givenUp = mounts.acquire(mount('b', 'locked'), abort.signal);
    const waiting = mounts.acquire(mount('b', 'locked'), never);
    abort.abort(new Error('enough'));
    await assert.rejects(givenUp, /enough/);
    await held[Symbol.asyncDispose]();
    await (await waiting)[Symbol.asyncDispose]();
    assert.equal(await mounts.remove(path.basename(held.directory)), true);
  });

  it('are free for others though what is in them cannot be measured', async () => {
    const mounts = open();
    const held = await mounts.acquire(mount('c', 'locked'), never);
    // Further down than a path can say.
    const make =
      'const name = "d".repeat(250); for (let i = 0; i < 20; i++) { fs.mkdirSync(name); process.chdir(name); }';
    execFileSync(process.execPath, ['-e', make], { cwd: held.directory });
    await held[Symbol.asyncDispose]();
    await using next = await mounts.acquire(mount('c', 'locked'), AbortSignal.timeout(5_000));
    assert.equal(next.fresh, false);
  });
});
