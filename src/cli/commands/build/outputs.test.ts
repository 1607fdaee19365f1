import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlatforms, parseOutput } from '#cli/commands/build/outputs.ts';

for (const [text, expected] of [
  ['-', { type: 'tar', dest: '-' }],
  ['out', { type: 'local', dest: 'out' }],
  ['type=local,dest=out', { type: 'local', dest: 'out' }],
  ['type=tar', { type: 'tar', dest: '-' }],
  ['type=image,name=a,push=true', { type: 'image', names: ['a'], push: true }],
  ['type=registry,name=r/a', { type: 'image', names: ['r/a'], push: true }],
  ['type=docker', { type: 'image', names: [], push: false }],
  ['type=docker,dest=a.tar', { type: 'archive', dest: 'a.tar', format: 'docker' }],
  ['type=oci,dest=a.tar', { type: 'archive', dest: 'a.tar', format: 'oci' }],
  ['type=oci', { type: 'archive', dest: '-', format: 'oci' }],
] as const) {
  test(`--output › ${text}`, () => assert.deepEqual(parseOutput(text), expected));
}

for (const [text, kind] of [
  ['type=local', 'InvalidParameter'],
  ['type=ftp,dest=x', 'InvalidParameter'],
  ['dest=x', 'InvalidParameter'],
  ['type=image,x', 'InvalidParameter'],
  ['type=image,compression=zstd', 'Unsupported'],
] as const) {
  test(`--output › refused: ${text}`, () => assert.throws(() => parseOutput(text), { kind }));
}

test('--output › one file holds one platform, unless it is an OCI layout', () => {
  const several = 'linux/amd64,linux/arm64';
  checkPlatforms([parseOutput('type=oci,dest=a'), parseOutput('out')], several);
  checkPlatforms([parseOutput('type=tar,dest=a')], 'linux/arm64');
  for (const text of ['type=tar,dest=a', 'type=docker,dest=a']) {
    assert.throws(() => checkPlatforms([parseOutput(text)], several), { kind: 'Unsupported' });
  }
});
