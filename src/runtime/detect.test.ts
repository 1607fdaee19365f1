import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findConmon, findOciRuntime, parseVersion } from '#runtime/detect.ts';

test('versions and commits are read from what the programs print', () => {
  assert.deepEqual(parseVersion('crun version 1.8.1\ncommit: f8a096be\nrundir: /run/crun\n'), {
    version: '1.8.1',
    commit: 'f8a096be',
  });
  assert.deepEqual(parseVersion('runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n'), {
    version: '1.1.5+ds1',
    commit: '1.1.5+ds1-1+deb12u1',
  });
  assert.deepEqual(parseVersion('strange'), { version: 'unknown', commit: 'unknown' });
});

test('the runtime is crun, or the one that is asked for', async () => {
  assert.equal((await findOciRuntime()).name, 'crun');
  assert.match((await findOciRuntime('runc')).path, /^\/usr\/s?bin\/runc$/);
  assert.equal((await findOciRuntime('io.containerd.runc.v2')).name, 'runc');
  assert.equal((await findOciRuntime('/usr/bin/crun')).name, 'crun');
  assert.match((await findConmon()).version, /^\d+\.\d+/);
});

test('a runtime that is not there is an error that names it', async () => {
  await assert.rejects(findOciRuntime('kata'), { kind: 'Unavailable', message: /kata is not installed/ });
});
