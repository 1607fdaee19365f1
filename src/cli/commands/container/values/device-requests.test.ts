import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeviceOption, parseGpus } from '#cli/commands/container/values/device-requests.ts';

test('--gpus in all its forms', () => {
  const Capabilities = [['gpu']];
  assert.deepEqual(parseGpus('all'), { Count: -1, Capabilities });
  assert.deepEqual(parseGpus('2'), { Count: 2, Capabilities });
  assert.deepEqual(parseGpus('count=2,driver=nvidia'), { Count: 2, Driver: 'nvidia', Capabilities });
  assert.deepEqual(parseGpus('device=GPU-1'), { DeviceIDs: ['GPU-1'], Capabilities });
  assert.deepEqual(parseGpus('"device=0,2",capabilities=utility'), {
    DeviceIDs: ['0', '2'],
    Capabilities: [['gpu', 'utility']],
  });
  for (const text of ['', 'some', 'count=some', 'colour=red']) {
    assert.throws(() => parseGpus(text), { kind: 'InvalidParameter' }, text);
  }
});

test('--device by path or by qualified name', () => {
  const name = 'vendor.com/net=eth-0';
  assert.deepEqual(parseDeviceOption(name), { request: { Driver: 'cdi', DeviceIDs: [name] } });
  assert.partialDeepStrictEqual(parseDeviceOption('/dev/a'), { file: { PathOnHost: '/dev/a' } });
});
