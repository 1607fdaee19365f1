import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryOfAddress } from '#cli/commands/registry/server-address.ts';

test('all names of Docker Hub are one; other addresses are their host', () => {
  for (const hub of [
    '',
    'docker.io',
    'index.docker.io',
    'https://index.docker.io/v1/',
    'registry-1.docker.io',
  ]) {
    assert.equal(registryOfAddress(hub), 'docker.io');
  }
  assert.equal(registryOfAddress('https://r.test:5000/v2/'), 'r.test:5000');
  assert.equal(registryOfAddress('r.test'), 'r.test');
});
