import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainIds } from '#engine/images/chain-ids.ts';
import { parseDigest } from '#image/digest.ts';

test('chain ids › the base is its own, every other one the digest of the one below and itself', () => {
  const base = parseDigest(`sha256:${'a'.repeat(64)}`);
  const top = parseDigest(`sha256:${'b'.repeat(64)}`);
  // printf 'sha256:aaa… sha256:bbb…' | sha256sum
  const both = parseDigest('sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c');
  assert.deepEqual(chainIds([]), []);
  assert.deepEqual(chainIds([base, top]), [base, both]);
});
