import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { migrations } from '#daemon/migrations.ts';

/**
 * A migration never changes once it is committed: a database remembers by name what it has seen, so a changed one would leave the
 * databases of before as they are. A change of the schema is a new migration, which gets its line here.
 */
const digests = {
  '0001-images': 'd4b51dd0afe2d5a4',
  '0002-containers': '93f5686b6d75ab49',
  '0003-networks': 'b5c416e296692315',
  '0004-volumes': '892f2b5afe67ff5f',
  '0010-layer-blobs': '355bd113c1537d3b',
  '0011-image-indexes': '441639fa8fcc7684',
  '0012-tag-times': '7d60e0b6ebc1370d',
  '0020-build-cache': 'bbb34a75c6bb8130',
  '0030-volume-options': '1e631995c1dd8f96',
  '0031-network-drivers': 'cfeff689d32c2c12',
};

test('migrations are what they were, and are only added', () => {
  const actual = migrations.map(({ name, sql }) => [name, digestOf(sql)]);
  assert.deepEqual(Object.fromEntries(actual.toSorted()), digests);
});

/** White space does not count. */
function digestOf(sql: string): string {
  return createHash('sha256').update(sql.replace(/\s+/g, ' ').trim()).digest('hex').slice(0, 16);
}
