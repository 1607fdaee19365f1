import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogOptions, parseLogDriver, readLogOptions, withLogDefaults } from '#log-drivers/options.ts';

test('logs have limits unless somebody lifts them', () => {
  const usual = { maxBytes: 100_000_000, keep: 5, compress: false, readable: true };
  assert.deepEqual(readLogOptions('json-file', {}), usual);
  assert.deepEqual(readLogOptions('local', {}), { ...usual, compress: true });
  assert.deepEqual(readLogOptions('json-file', { 'max-size': '10m', 'max-file': '3', compress: 'true' }), {
    maxBytes: 10_000_000,
    keep: 3,
    compress: true,
    readable: true,
  });
  assert.equal(readLogOptions('json-file', { 'max-size': '1.5kB' }).maxBytes, 1500);
  assert.equal(readLogOptions('local', { 'max-size': '-1' }).maxBytes, undefined);
  assert.equal(readLogOptions('local', { 'max-file': '1' }).compress, false);
});

test('what goes elsewhere is kept for reading too', () => {
  assert.deepEqual(readLogOptions('journald', {}), {
    ...{ maxBytes: 20_000_000, keep: 5, compress: true, readable: true },
    destination: { kind: 'journald' },
  });
  const plan = readLogOptions('syslog', {
    ...{ 'cache-max-size': '1m', 'cache-max-file': '2', 'cache-compress': 'false', 'cache-disabled': 'true' },
    ...{ 'syslog-address': 'tcp://[::1]:1514', 'syslog-facility': 'local7', 'syslog-format': 'rfc5424' },
  });
  assert.deepEqual(plan, {
    ...{ maxBytes: 1_000_000, keep: 2, compress: false, readable: false },
    destination: {
      kind: 'syslog',
      address: { protocol: 'tcp', host: '::1', port: 1514 },
      facility: 23,
      format: 'rfc5424',
      tls: { skipVerify: false },
    },
  });
  assert.equal(readLogOptions('none', {}).readable, false);
});

test('the addresses of syslog', () => {
  const addressOf = (text: string) => {
    const { destination } = readLogOptions('syslog', { 'syslog-address': text });
    return destination?.kind === 'syslog' ? destination.address : undefined;
  };
  assert.deepEqual(addressOf('udp://logs.example'), { protocol: 'udp', host: 'logs.example', port: 514 });
  assert.deepEqual(addressOf('tcp+tls://h:6514'), { protocol: 'tcp+tls', host: 'h', port: 6514 });
  assert.deepEqual(addressOf('unixgram:///dev/log'), { protocol: 'unixgram', path: '/dev/log' });
  assert.equal(addressOf(''), undefined);
});

test('what is wrong or not there is named', () => {
  const wrong: [driver: Parameters<typeof readLogOptions>[0], options: LogOptions][] = [
    ['json-file', { 'max-size': 'big' }],
    ['json-file', { 'max-size': '' }],
    ['json-file', { 'max-file': '0' }],
    ['json-file', { 'max-file': 'x' }],
    ['json-file', { compress: 'maybe' }],
    ['json-file', { compress: 'true', 'max-file': '1' }],
    ['json-file', { 'labels-regex': '(' }],
    ['json-file', { tag: '{{.Nothing}}' }],
    ['json-file', { mode: 'sometimes' }],
    ['json-file', { 'max-buffer-size': '1m' }],
    ['json-file', { 'syslog-address': 'udp://h' }],
    ['local', { labels: 'a' }],
    ['journald', { 'max-size': '1m' }],
    ['syslog', { 'syslog-address': 'h:514' }],
    ['syslog', { 'syslog-address': 'udp://h:99999' }],
    ['syslog', { 'syslog-address': 'unix://relative' }],
    ['syslog', { 'syslog-facility': 'local8' }],
    ['syslog', { 'syslog-facility': '24' }],
    ['syslog', { 'syslog-format': 'gelf' }],
    ['none', { 'max-size': '1m' }],
  ];
  for (const [driver, options] of wrong) {
    const [name = ''] = Object.keys(options);
    const message = driver === 'none' ? /none/ : new RegExp(name);
    assert.throws(() => readLogOptions(driver, options), { kind: 'InvalidParameter', message }, name);
  }
  assert.throws(() => parseLogDriver('gelf'), { kind: 'Unsupported' });
});

test('a container has the options of the daemon for the same driver, and its caches', () => {
  const defaults = {
    driver: 'json-file',
    options: { 'max-size': '1m', labels: 'a', 'cache-max-size': '2m' },
  } as const;
  assert.deepEqual(withLogDefaults({ driver: '', options: { labels: 'b' } }, defaults), {
    driver: 'json-file',
    options: { 'max-size': '1m', labels: 'b', 'cache-max-size': '2m' },
  });
  assert.deepEqual(withLogDefaults({ driver: 'syslog', options: { tag: 'x' } }, defaults), {
    driver: 'syslog',
    options: { tag: 'x', 'cache-max-size': '2m' },
  });
  assert.deepEqual(withLogDefaults({ driver: 'none', options: {} }, defaults), {
    driver: 'none',
    options: {},
  });
});
