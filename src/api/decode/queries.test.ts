import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeContainerUpdate } from '#api/decode/container-update.ts';
import { Filters } from '#api/decode/filters.ts';
import { decodeOnlyPlatform, decodePlatform } from '#api/decode/platform.ts';
import { decodeRegistryAuth } from '#api/decode/registry-auth.ts';
import { decodeTimestamp, decodeUntil } from '#api/decode/timestamps.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

test('filters come as arrays or as objects of true', () => {
  for (const text of ['{"label":["a=b","c"]}', '{"label":{"a=b":true,"c":true}}']) {
    const filters = Filters.parse(text, ['label']);
    assert.equal(filters.labels({ a: 'b', c: '' }), true);
    assert.equal(filters.labels({ a: 'x', c: '' }), false);
    assert.equal(filters.labels({ a: 'b' }), false);
  }
  assert.equal(Filters.parse('', []).empty, true);
  assert.equal(Filters.parse('{"dangling":["1"]}', ['dangling']).flag('dangling'), true);
});

test('filters that cannot be are refused', () => {
  for (const text of ['{', '[]', '"x"', '{"bogus":["x"]}', '{"label":"x"}', '{"label":[1]}']) {
    assert.throws(() => Filters.parse(text, ['label']), /invalid filter/, text);
  }
  assert.throws(
    () => Filters.parse('{"dangling":["maybe"]}', ['dangling']).flag('dangling'),
    /invalid filter/,
  );
});

test('timestamps', () => {
  assert.equal(decodeTimestamp('', 'since'), undefined);
  assert.equal(decodeTimestamp('1700000000.5', 'since'), 1700000000.5);
  assert.equal(decodeTimestamp('1970-01-01T00:01:00Z', 'since'), 60);
  assert.throws(() => decodeTimestamp('yesterday', 'since'), /invalid value for "since"/);
  for (const text of ['2026-02-03T04:05:06.5Z', '2026-02-03t04:05:06.500z', '2026-02-03T05:05:06.5+01:00']) {
    assert.equal(decodeTimestamp(text, 'since'), Date.UTC(2026, 1, 3, 4, 5, 6, 500) / 1000, text);
  }
  assert.equal(decodeTimestamp('2026-02-03T04Z', 'since'), Date.UTC(2026, 1, 3, 4) / 1000);
  assert.equal(decodeTimestamp('2026-02-03T04:05-02:00', 'since'), Date.UTC(2026, 1, 3, 6, 5) / 1000);
  assert.equal(decodeTimestamp('2026-02-03Z', 'since'), Date.UTC(2026, 1, 3) / 1000);
  // Without a zone: the daemon's own, for a date alone as well.
  assert.equal(decodeTimestamp('2026-02-03', 'since'), new Date(2026, 1, 3).getTime() / 1000);
  assert.equal(decodeTimestamp('2026-02-03T04', 'since'), new Date(2026, 1, 3, 4).getTime() / 1000);
  for (const text of ['2026-02-30T', '2026-13-01', '2026-02-03T04:05:06.', '2026-02-03 04:05']) {
    assert.throws(() => decodeTimestamp(text, 'since'), /is not a timestamp/, text);
  }
});

test('until takes a duration back from now', () => {
  const until = (text: string): number => 10_000_000 - decodeUntil(text, new Date(10_000_000)).getTime();
  assert.equal(until('1h30m'), 5_400_000);
  assert.equal(until('1.5h'), 5_400_000);
  assert.equal(until('.5s'), 500);
  assert.equal(until('3000us'), 3);
  assert.equal(until('3000µs'), 3);
  assert.equal(until('-1m'), -60_000);
  assert.equal(until('10000'), 0);
  for (const text of ['', '1h30', '1d', 'h', '999999999999999']) {
    assert.throws(() => until(text), /invalid value for "until"/, text);
  }
});

test('platforms', () => {
  assert.equal(decodePlatform(''), undefined);
  assert.deepEqual(decodePlatform('linux/arm64/v8'), { os: 'linux', architecture: 'arm64', variant: 'v8' });
  for (const text of ['linux', 'linux/', 'a/b/c/d', 'linux/a b']) {
    assert.throws(() => decodePlatform(text), /invalid platform/, text);
  }
  const arm64 = '{"os":"linux","architecture":"arm64"}';
  assert.equal(decodeOnlyPlatform([]), undefined);
  assert.deepEqual(decodeOnlyPlatform([arm64]), { os: 'linux', architecture: 'arm64' });
  assert.throws(() => decodeOnlyPlatform([arm64, arm64]), { kind: 'Unsupported' });
});

test('credentials of a pull', () => {
  const password = { kind: 'password', username: 'u', password: 'p:q' };
  assert.deepEqual(decodeRegistryAuth(encodeAuthHeader({ username: 'u', password: 'p:q' })), password);
  assert.deepEqual(decodeRegistryAuth(encodeAuthHeader({ auth: btoa('u:p:q') })), password);
  assert.deepEqual(decodeRegistryAuth(encodeAuthHeader({ identitytoken: 't', username: 'u' })), {
    kind: 'identity-token',
    token: 't',
  });
  assert.equal(decodeRegistryAuth(encodeAuthHeader({})), undefined);
  assert.equal(decodeRegistryAuth(undefined), undefined);
  assert.throws(
    () => decodeRegistryAuth(btoa('secret')),
    (error: Error) => !error.message.includes('secret'),
  );
});

test('an update carries what it names and is checked against the limits that stay', () => {
  assert.deepEqual(decodeContainerUpdate({ Memory: 1e7 }, {}), { resources: { memoryBytes: 1e7 } });
  assert.deepEqual(decodeContainerUpdate({ MemorySwap: 3e7 }, { memoryBytes: 1e7 }), {
    resources: { memorySwapBytes: 3e7 },
  });
  assert.throws(() => decodeContainerUpdate({ MemorySwap: 3e7 }, {}), /always set the Memory limit/);
  assert.deepEqual(decodeContainerUpdate({ RestartPolicy: { Name: 'always' } }, {}), {
    resources: {},
    restartPolicy: { name: 'always', maximumRetryCount: 0 },
  });
  assert.throws(() => decodeContainerUpdate({ Ulimits: [{ Name: 'x' }] }, {}), /cannot be updated/);
});

test('an update can name ports to publish and to unpublish', () => {
  const body = {
    PublishAdd: { '80/tcp': [{ HostPort: '8080' }] },
    PublishRemove: { '81/udp': [], '82/tcp': [{ HostIp: '127.0.0.1', HostPort: '8082' }] },
  };
  assert.deepEqual(decodeContainerUpdate(body, {}).ports, {
    add: [{ containerPort: 80, protocol: 'tcp', hostAddress: '', hostPort: 8080, hostPortEnd: 8080 }],
    remove: [
      { containerPort: 81, protocol: 'udp', hostAddress: '', hostPort: 0 },
      { containerPort: 82, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8082 },
    ],
  });
  assert.equal(decodeContainerUpdate({}, {}).ports, undefined);
  assert.throws(
    () => decodeContainerUpdate({ PublishRemove: { '80/tcp': [{ HostPort: '80-90' }] } }, {}),
    /single host ports/,
  );
});
