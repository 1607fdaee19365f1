import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostAddress } from '#daemon/listen/address.ts';

const addresses: [string, ReturnType<typeof parseHostAddress>][] = [
  ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
  ['tcp://0.0.0.0:2376', { kind: 'tcp', host: '0.0.0.0', port: 2376 }],
  ['tcp://:5000', { kind: 'tcp', host: '127.0.0.1', port: 5000 }],
  ['tcp://[fd00::1]:5000', { kind: 'tcp', host: 'fd00::1', port: 5000 }],
  ['tcp://name.example', { kind: 'tcp', host: 'name.example', port: 2376 }],
  ['fd://', { kind: 'activated', which: '*' }],
  ['fd://3', { kind: 'activated', which: '3' }],
  ['fd://dhow.socket', { kind: 'activated', which: 'dhow.socket' }],
];
for (const [text, address] of addresses) {
  test(`host address › ${text}`, () => assert.deepEqual(parseHostAddress(text), address));
}

for (const text of [
  '',
  'unix://relative',
  '/run/x.sock',
  'tcp://::1',
  'tcp://a b',
  'tcp://host:x',
  'fd://a/b',
]) {
  test(`host address › refused: "${text}"`, () =>
    assert.throws(() => parseHostAddress(text), { kind: 'InvalidParameter' }));
}
