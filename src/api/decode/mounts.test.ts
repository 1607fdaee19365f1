import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBind } from '#api/decode/binds.ts';
import { Fields } from '#api/decode/fields.ts';
import { decodeMount } from '#api/decode/mount.ts';

const bind = {
  type: 'bind',
  readonly: false,
  propagation: 'rprivate',
  recursive: true,
  createSource: true,
} as const;
const volume = { type: 'volume', readonly: false, copyUp: true } as const;

const binds: [string, object][] = [
  ['/a:/b', { ...bind, source: '/a', target: '/b' }],
  ['/a/../c/:/b/', { ...bind, source: '/c', target: '/b' }],
  [
    '/:/host:ro,rslave',
    { ...bind, source: '/', target: '/host', readonly: true, propagation: 'rslave', mode: 'ro,rslave' },
  ],
  ['/a:/b:z,rw,cached', { ...bind, source: '/a', target: '/b', mode: 'z,rw,cached' }],
  ['data:/b', { ...volume, name: 'data', target: '/b' }],
  [
    'data:/b:ro,nocopy',
    { ...volume, name: 'data', target: '/b', readonly: true, copyUp: false, mode: 'ro,nocopy' },
  ],
  ['/b', { ...volume, name: '', target: '/b' }],
];

test('the spellings of -v', () => {
  for (const [text, mount] of binds) assert.deepEqual(parseBind(text), mount, text);
});

const refusedBinds: [string, RegExp][] = [
  ['', /invalid volume specification/],
  ['/a:', /invalid volume specification/],
  ['/a:/b:', /invalid volume specification/],
  ['/a:/b:ro:x', /invalid volume specification/],
  ['C:\\data:/b', /invalid volume specification/],
  ['/a:ro', /^InvalidParameter: invalid volume specification: '\/a:ro'$/],
  [
    'data:b',
    /specification: 'data:b': invalid mount config for type "volume": invalid mount path: 'b' mount path must be absolute/,
  ],
  [
    '/a:/',
    /specification: '\/a:\/': invalid mount config for type "bind": invalid specification: destination can't be '\/'/,
  ],
  ['/a:/b/..', /destination can't be '\/'/],
  ['/a:/b:ro,rw', /invalid mode: ro,rw/],
  ['/a:/b:nocopy', /invalid mount config for type "bind": field VolumeOptions must not be specified/],
  ['/a:/b:,ro', /invalid mode: ,ro/],
  ['/a:/b:default', /invalid mode: default/],
  ['/a:/b:what', /invalid mode: what/],
  ['data:/b:rshared', /invalid mount config for type "volume": field BindOptions must not be specified/],
  ['./data:/b', /intended to pass a host directory, use absolute path/],
  ['a:/b', /includes invalid characters/],
];

test('what is no -v is refused in Docker’s words', () => {
  for (const [text, message] of refusedBinds) assert.throws(() => parseBind(text), message, text);
});

const mount = (value: object) => decodeMount(Fields.of(value, 'HostConfig.Mounts[0]'));

test('members of Mounts', () => {
  const cases: [object, object][] = [
    [
      { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: { NonRecursive: true } },
      { ...bind, source: '/a', target: '/b', readonly: true, recursive: false, createSource: false },
    ],
    [
      {
        Type: 'bind',
        Source: '/a',
        Target: '/b',
        BindOptions: { CreateMountpoint: true, Propagation: 'shared' },
      },
      { ...bind, source: '/a', target: '/b', propagation: 'shared' },
    ],
    [
      { Type: 'volume', Target: '/b' },
      { ...volume, name: '', target: '/b' },
    ],
    [
      { Type: 'volume', Source: 'data', Target: '/b', VolumeOptions: { NoCopy: true, DriverConfig: {} } },
      { ...volume, name: 'data', target: '/b', copyUp: false },
    ],
    [
      {
        Type: 'bind',
        Source: '/a',
        Target: '/b',
        ReadOnly: true,
        BindOptions: { ReadOnlyForceRecursive: true },
      },
      { ...bind, source: '/a', target: '/b', readonly: true, createSource: false, readonlyBelow: 'always' },
    ],
    [
      {
        Type: 'volume',
        Source: 'data',
        Target: '/b',
        VolumeOptions: {
          Subpath: 'x/../y/',
          Labels: { a: 'b' },
          DriverConfig: { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs' } },
        },
      },
      {
        ...{ ...volume, name: 'data', target: '/b', subpath: 'y', labels: { a: 'b' } },
        options: { type: 'tmpfs', device: 'tmpfs' },
      },
    ],
    [
      { Type: 'image', Source: 'busybox', Target: '/b', ImageOptions: { Subpath: 'bin' } },
      { type: 'image', source: 'busybox', target: '/b', subpath: 'bin' },
    ],
    [
      {
        Type: 'tmpfs',
        Target: '/b',
        TmpfsOptions: { SizeBytes: 4096, Mode: 0o700, Options: [['noexec'], ['uid', '5']] },
      },
      { type: 'tmpfs', target: '/b', options: ['noexec', 'uid=5', 'size=4096', 'mode=700'] },
    ],
  ];
  for (const [value, expected] of cases) assert.deepEqual(mount(value), expected, JSON.stringify(value));
});

test('members of Mounts that cannot be', () => {
  const cases: [object, RegExp][] = [
    [{ Type: 'bind', Target: '/b' }, /type "bind": field Source must not be empty/],
    [{ Type: 'bind', Source: 'a', Target: '/b' }, /must be absolute/],
    [{ Type: 'bind', Source: '/a' }, /field Target must not be empty/],
    [{ Type: 'bind', Source: '/a', Target: '/b', VolumeOptions: {} }, /VolumeOptions must not be specified/],
    [
      { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { Propagation: 'x' } },
      /invalid propagation mode: x/,
    ],
    [
      { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { ReadOnlyForceRecursive: true } },
      /ReadOnlyForceRecursive needs ReadOnly/,
    ],
    [
      { Type: 'volume', Target: '/b', VolumeOptions: { Subpath: 'x' } },
      /anonymous volume has no path but its own/,
    ],
    [
      { Type: 'volume', Source: 'data', Target: '/b', VolumeOptions: { Subpath: 'x/../../y' } },
      /subpath must be a relative path within the volume/,
    ],
    [
      { Type: 'image', Source: 'x', Target: '/b', ImageOptions: { Subpath: '/etc' } },
      /subpath must be a relative path/,
    ],
    [{ Type: 'image', Source: 'x', Target: '/b', BindOptions: {} }, /BindOptions must not be specified/],
    [{ Type: 'image', Target: '/b' }, /field Source must not be empty/],
    [
      { Type: 'volume', Target: '/b', VolumeOptions: { DriverConfig: { Name: 'nfs' } } },
      /volume driver "nfs"/,
    ],
    [{ Type: 'tmpfs', Target: '/b', Source: 'x' }, /field Source must not be specified/],
    [{ Type: 'tmpfs', Target: '/b', TmpfsOptions: { Options: [['a,b']] } }, /must be pairs/],
    [{ Type: 'cluster', Source: 'x', Target: '/b' }, /"cluster" is not supported/],
    [{ Type: 'odd', Target: '/b' }, /invalid mount config for type "odd": mount type unknown/],
  ];
  for (const [value, message] of cases) assert.throws(() => mount(value), message, JSON.stringify(value));
});
