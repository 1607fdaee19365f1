import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVolumeOptions } from '#volume/local/options.ts';

test('options of volumes', () => {
  const cases: [Record<string, string>, object][] = [
    [{}, { kind: 'directory' }],
    [{ size: '10G' }, { kind: 'directory', sizeBytes: 10 * 1024 ** 3 }],
    [{ size: '1.5mb' }, { kind: 'directory', sizeBytes: 1.5 * 1024 ** 2 }],
    [{ size: '4096' }, { kind: 'directory', sizeBytes: 4096 }],
    [
      { type: 'tmpfs', device: 'tmpfs', o: 'size=10m,uid=5' },
      { kind: 'mount', type: 'tmpfs', device: 'tmpfs', options: 'size=10m,uid=5' },
    ],
    [
      { type: 'ext4', device: '/dev/sdb' },
      { kind: 'mount', type: 'ext4', device: '/dev/sdb', options: '' },
    ],
    [{ type: '', device: '', o: '' }, { kind: 'directory' }],
    [
      { type: '', device: '/srv', o: 'bind' },
      { kind: 'mount', type: 'none', device: '/srv', options: 'bind' },
    ],
  ];
  for (const [options, expected] of cases) assert.deepEqual(readVolumeOptions(options), expected);
});

test('options that make no volume', () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ speed: 'fast' }, /invalid option: "speed"/],
    [{ type: 'tmpfs' }, /missing required option: "device"/],
    [{ type: '' }, /missing required option: "device"/],
    [{ device: '/x' }, /missing required option: "type"/],
    [{ o: 'bind' }, /missing required option: "type"/],
    [{ size: 'much' }, /invalid size: "much"/],
    [{ size: '0' }, /invalid size: "0"/],
    [{ size: '-1g' }, /invalid size/],
    [{ size: '1g', type: 'tmpfs', device: 'tmpfs' }, /limits of its own/],
    [{ type: 'tmpfs', device: 'a\nb' }, /line breaks/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => readVolumeOptions(options), message, JSON.stringify(options));
  }
});
