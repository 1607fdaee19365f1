import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { findConmon, findOciRuntime, parseVersion } from '#runtime/detect.ts';
import { claimLeftoverControllers } from '#runtime/testing/runtime-fixture.ts';
import type { CgroupHierarchies } from '#sys/cgroup.ts';

function temporaryDirectory(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-detect-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

test('names, versions and commits are read from what the programs print', () => {
  assert.deepEqual(parseVersion('crun version 1.8.1\ncommit: f8a096be\nrundir: /run/crun\n'), {
    name: 'crun',
    version: '1.8.1',
    commit: 'f8a096be',
  });
  assert.deepEqual(parseVersion('runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n'), {
    name: 'runc',
    version: '1.1.5+ds1',
    commit: '1.1.5+ds1-1+deb12u1',
  });
  assert.deepEqual(parseVersion('strange'), { name: 'unknown', version: 'unknown', commit: 'unknown' });
});

describe('findOciRuntime', () => {
  test('finds crun, or the one that is asked for', async (t) => {
    using _claim = await claimLeftoverControllers();
    assert.equal((await findOciRuntime()).name, 'crun');
    assert.match((await findOciRuntime('runc')).path, /^\/usr\/s?bin\/runc$/);
    assert.equal((await findOciRuntime('io.containerd.runc.v2')).name, 'runc');
    const renamed = path.join(temporaryDirectory(t), 'renamed');
    fs.symlinkSync('/usr/bin/crun', renamed);
    const { name, path: found } = await findOciRuntime(renamed);
    assert.deepEqual([name, found], ['crun', renamed]);
  });

  test('says why it does not take crun on a hybrid host whose version 2 has controllers', async (t) => {
    const directory = temporaryDirectory(t);
    const hybrid: CgroupHierarchies = {
      version: 1,
      mounts: [
        { directory, unified: true, controllers: [] },
        { directory: '/nowhere', unified: false, controllers: ['memory'] },
      ],
    };
    fs.writeFileSync(path.join(directory, 'cgroup.controllers'), 'hugetlb misc\n');
    fs.writeFileSync(path.join(directory, 'cgroup.subtree_control'), '\n');
    const { name, remark } = await findOciRuntime(undefined, hybrid);
    assert.equal(name, 'runc');
    assert.equal(
      remark,
      'crun cannot be used: the controllers hugetlb, misc are on the unified cgroup hierarchy of a hybrid host',
    );
    fs.writeFileSync(path.join(directory, 'cgroup.subtree_control'), 'hugetlb\n');
    await assert.rejects(findOciRuntime('crun', hybrid), {
      kind: 'Unavailable',
      message: /hugetlb, misc are on the unified cgroup hierarchy of a hybrid host, where they are in use/,
    });
    fs.writeFileSync(path.join(directory, 'cgroup.controllers'), '\n');
    assert.equal((await findOciRuntime('crun', hybrid)).remark, undefined);
  });

  test('names a runtime that is not there', async () => {
    await assert.rejects(findOciRuntime('kata'), { kind: 'Unavailable', message: /kata is not installed/ });
  });
});

describe('findConmon', () => {
  test('searches, or takes the given path', async (t) => {
    const found = await findConmon();
    assert.match(found.version, /^\d+\.\d+/);
    const given = path.join(temporaryDirectory(t), 'monitor');
    fs.copyFileSync(found.path, given);
    assert.deepEqual(await findConmon(given), { path: given, version: found.version });
  });

  test('says what is wrong with the given path', async (t) => {
    const directory = temporaryDirectory(t);
    const plain = path.join(directory, 'plain');
    fs.writeFileSync(plain, '', { mode: 0o644 });
    const impostor = path.join(directory, 'impostor');
    fs.writeFileSync(impostor, '#!/bin/sh\necho crun version 1.0\n', { mode: 0o755 });
    const wrong: [file: string, obstacle: RegExp][] = [
      [path.join(directory, 'absent'), /absent cannot be used as conmon: it does not exist \(/],
      [path.join(plain, 'below'), /it does not exist \(/],
      [directory, /it is not a file \(/],
      [plain, /it is not executable \(/],
      [impostor, /it says that it is something else \(/],
      ['/bin/false', /\/bin\/false --version does not work|it says that it is something else/],
    ];
    for (const [file, message] of wrong) {
      await assert.rejects(findConmon(file), { kind: 'Unavailable', message }, file);
    }
  });
});
