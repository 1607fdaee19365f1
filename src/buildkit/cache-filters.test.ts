import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCacheFilters } from '#buildkit/cache-filters.ts';
import type { CachedBuildStep } from '#engine/builds.ts';

const at = new Date(0);
const common = { sizeBytes: 1, createdAt: at, lastUsedAt: at, uses: 1 };
const rows: CachedBuildStep[] = [
  { ...common, key: 'sha256:aa', kind: 'step', description: 'RUN make', shared: true },
  { ...common, key: 'sha256:ab', kind: 'step', description: 'COPY . /', shared: false },
  { ...common, key: 'cc', kind: 'mount', description: 'mount / cache /c', shared: false },
];
const chosen = (...filters: string[]): string =>
  rows
    .filter(parseCacheFilters(filters))
    .map(({ key }) => key.slice(-2))
    .join();

test('rows of the build cache are chosen as clients ask for them', () => {
  assert.equal(chosen(), 'aa,ab,cc');
  assert.equal(chosen(''), 'aa,ab,cc');
  assert.equal(chosen('shared'), 'aa');
  assert.equal(chosen('shared==false'), 'ab,cc');
  assert.equal(chosen('private,immutable'), 'ab');
  assert.equal(chosen('mutable', 'shared'), 'aa,cc');
  assert.equal(chosen('type==exec.cachemount'), 'cc');
  assert.equal(chosen('type!=exec.cachemount'), 'aa,ab');
  assert.equal(chosen('id~=a[ab]$'), 'aa,ab');
  assert.equal(chosen('id==cc'), 'cc');
  assert.equal(chosen('description~=^RUN'), 'aa');
  assert.equal(chosen('description==COPY . /'), 'ab');
  assert.equal(chosen('inuse'), '');
});

test('filters that mean nothing are refused', () => {
  for (const filter of ['parents==x', 'size==1', 'id', 'id~=(', 'shared==maybe', 'toString', '==']) {
    assert.throws(() => parseCacheFilters([filter]), { kind: 'InvalidParameter' }, filter);
  }
});
