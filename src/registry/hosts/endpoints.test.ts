import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressedEndpoint, createEndpoints } from '#registry/hosts/endpoints.ts';

test('mirrors come first and in order, and only for their registry', () => {
  const endpointsOf = createEndpoints({
    mirrors: ['https://m1.example', 'http://m2.example:5000/hub/'],
    registryMirrors: { 'ghcr.io': ['m3.example'], 'docker.io': ['https://m4.example'] },
  });
  const seen = (registry: string) =>
    endpointsOf({ registry }).map(({ scheme, host, prefix, isMirror }) => [scheme, host, prefix, isMirror]);
  assert.deepEqual(seen('docker.io'), [
    ['https', 'm1.example', '', true],
    ['http', 'm2.example:5000', '/hub', true],
    ['https', 'm4.example', '', true],
    [undefined, 'registry-1.docker.io', '', false],
  ]);
  assert.deepEqual(seen('ghcr.io'), [
    [undefined, 'm3.example', '', true],
    [undefined, 'ghcr.io', '', false],
  ]);
  assert.deepEqual(seen('localhost:5000'), [[undefined, 'localhost:5000', '', false]]);
});

test('a mirror that is no plain URL is refused without repeating it', () => {
  for (const mirror of [
    'https://user:secret@m',
    'https://m?secret',
    'https://m#secret',
    'ftp://m',
    'https://',
    ' ',
  ]) {
    assert.throws(
      () => createEndpoints({ mirrors: [mirror] }),
      (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'InvalidParameter', mirror);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  }
});

test('addresses are read as Docker clients send them', () => {
  const cases: [address: string, host: string][] = [
    ['', 'registry-1.docker.io'],
    ['docker.io', 'registry-1.docker.io'],
    ['https://index.docker.io/v1/', 'registry-1.docker.io'],
    ['https://registry-1.docker.io', 'registry-1.docker.io'],
    ['localhost:5000', 'localhost:5000'],
    ['http://localhost:5000', 'localhost:5000'],
    ['https://ghcr.io/v2/', 'ghcr.io'],
    ['[::1]:5000', '[::1]:5000'],
  ];
  for (const [address, host] of cases) assert.equal(addressedEndpoint(address).host, host, address);
  for (const address of ['user:pw@h', 'h:99999', 'a b', '?x', '#']) {
    assert.throws(() => addressedEndpoint(address), { kind: 'InvalidParameter' }, address);
  }
});
