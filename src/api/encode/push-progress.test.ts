import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPushEncoder } from '#api/encode/push-progress.ts';

test('a push is told in the lines of dockerd', () => {
  let time = 0;
  const encode = createPushEncoder(() => time);
  const layer = '0123456789ab';
  const detail = { progressDetail: {}, id: layer };
  assert.deepEqual(encode({ phase: 'repository', repository: 'docker.io/library/a' }), [
    { status: 'The push refers to repository [docker.io/library/a]' },
  ]);
  for (const [phase, status] of [
    ['preparing', 'Preparing'],
    ['exists', 'Layer already exists'],
    ['compressing', 'Compressing'],
    ['pushed', 'Pushed'],
  ] as const) {
    assert.deepEqual(encode({ phase, layer }), [{ status, ...detail }]);
  }
  assert.deepEqual(encode({ phase: 'mounted', layer, from: 'library/b' }), [
    { status: 'Mounted from library/b', ...detail },
  ]);
  assert.deepEqual(encode({ phase: 'tag', tag: 'v1', digest: 'sha256:d', sizeBytes: 7 }), [
    { status: 'v1: digest: sha256:d size: 7' },
    { aux: { Tag: 'v1', Digest: 'sha256:d', Size: 7 } },
  ]);
  // Counts come in intervals; the last one always.
  const counts = [1, 2, 3, 9].map((current) => {
    const lines = encode({ phase: 'pushing', layer, current, total: 9 });
    time += 60;
    return lines.map((line) => line.progressDetail?.current);
  });
  assert.deepEqual(counts, [[1], [], [3], [9]]);
});
