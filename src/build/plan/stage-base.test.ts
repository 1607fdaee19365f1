import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planText } from '#build/testing/plan-fixture.ts';

test('bases › a named context replaces an image however the name is written', async () => {
  const contexts = { alpine: { kind: 'image', reference: 'mine' } } as const;
  for (const name of [
    'alpine',
    'alpine:latest',
    'docker.io/library/alpine',
    'docker.io/library/alpine:latest',
  ]) {
    assert.deepEqual((await planText(`FROM ${name}\n`, { contexts })).asked, ['linux/amd64 mine'], name);
  }
  assert.deepEqual((await planText('FROM alpine:3\n', { contexts })).asked, ['linux/amd64 alpine:3']);
});
