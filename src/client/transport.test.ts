import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTransport } from '#client/transport.ts';
import { isDhowError } from '#errors/error.ts';

test('hosts are told apart', () => {
  const cases: [host: string, tls: boolean, hostHeader: string][] = [
    ['unix:///run/x.sock', false, 'dhow'],
    ['tcp://10.0.0.1:2375', false, '10.0.0.1:2375'],
    ['tcp://example.org', false, 'example.org:2375'],
    ['tcp://example.org', true, 'example.org:2376'],
    ['tcp://[::1]:99', false, '[::1]:99'],
    ['tcp://:4243', false, '127.0.0.1:4243'],
    ['localhost:1234', false, 'localhost:1234'],
    ['https://example.org/', false, 'example.org:2376'],
  ];
  for (const [host, tls, hostHeader] of cases) {
    assert.equal(createTransport(host, tls ? { verify: true } : undefined).hostHeader, hostHeader, host);
  }
});

test('hosts that cannot be reached are refused by name', () => {
  const cases: [host: string, kind: string][] = [
    ['unix://', 'InvalidParameter'],
    ['gopher://x', 'InvalidParameter'],
    ['ssh://user:secret@host', 'InvalidParameter'],
    ['tcp://a:b', 'InvalidParameter'],
    ['tcp://a:70000', 'InvalidParameter'],
    ['tcp://a/path', 'InvalidParameter'],
  ];
  for (const [host, kind] of cases) {
    assert.throws(
      () => createTransport(host),
      (error) => isDhowError(error) && error.kind === kind && error.message.includes(host),
      host,
    );
  }
});
