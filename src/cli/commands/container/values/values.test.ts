import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readKeyValueFile, readVariables } from '#cli/commands/container/values/key-values.ts';
import { parseMount } from '#cli/commands/container/values/mount.ts';
import { parseNetwork } from '#cli/commands/container/values/network.ts';
import { parseExposed, parsePublished } from '#cli/commands/container/values/ports.ts';
import {
  parseBytes,
  parseCpus,
  parseDuration,
  parseSwapBytes,
} from '#cli/commands/container/values/sizes.ts';
import {
  parseDevice,
  parseExtraHost,
  parseRestartPolicy,
  parseUlimit,
} from '#cli/commands/container/values/small-values.ts';
import { isDhowError } from '#errors/error.ts';

/** Each row: a text and what it means, or undefined when it is refused. */
function table<Value>(parse: (text: string) => Value, rows: [string, Value | undefined][]): void {
  for (const [text, expected] of rows) {
    test(JSON.stringify(text), () => {
      if (expected !== undefined) assert.deepEqual(parse(text), expected);
      else
        assert.throws(
          () => parse(text),
          (error) => isDhowError(error) && error.kind === 'InvalidParameter',
        );
    });
  }
}

describe('sizes', () => {
  table(parseBytes, [
    ['0', 0],
    ['1024', 1024],
    ['512m', 512 * 1024 ** 2],
    ['1.5G', 1.5 * 1024 ** 3],
    ['64KiB', 65536],
    ['10 MB', 10 * 1024 ** 2],
    ['1b', 1],
    ['-1', undefined],
    ['1x', undefined],
    ['', undefined],
    ['9999999999999999p', undefined],
  ]);
});
describe('sizes of swap', () =>
  table(parseSwapBytes, [
    ['-1', -1],
    ['1k', 1024],
    ['-2', undefined],
  ]));
describe('CPUs', () => {
  table(parseCpus, [
    ['1', 1e9],
    ['.5', 5e8],
    ['1.', 1e9],
    ['0.123456789', 123456789],
    ['0.1234567891', undefined],
    ['1e3', undefined],
    ['.', undefined],
    ['', undefined],
  ]);
});
describe('durations', () => {
  table(parseDuration, [
    ['0', 0],
    ['1m30s', 90e9],
    ['1.5s', 1.5e9],
    ['500ms', 5e8],
    ['5', undefined],
    ['1s x', undefined],
    ['s', undefined],
  ]);
});
describe('ulimits', () => {
  table(parseUlimit, [
    ['nofile=1024', { Name: 'nofile', Soft: 1024, Hard: 1024 }],
    ['nofile=1:2', { Name: 'nofile', Soft: 1, Hard: 2 }],
    ['core=-1', { Name: 'core', Soft: -1, Hard: -1 }],
    ['core=0:-1', { Name: 'core', Soft: 0, Hard: -1 }],
    ['nofile=2:1', undefined],
    ['nofile=-1:1', undefined],
    ['nofiles=1', undefined],
    ['nofile', undefined],
    ['nofile=1:2:3', undefined],
  ]);
});
describe('devices', () => {
  table(parseDevice, [
    ['/dev/a', { PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' }],
    ['/dev/a:/dev/b', { PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'rwm' }],
    ['/dev/a:r', { PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'r' }],
    ['/dev/a:/dev/b:rw', { PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'rw' }],
    ['/dev/a:/dev/b:x', undefined],
    ['a', undefined],
    ['/dev/a:b', undefined],
    ['', undefined],
  ]);
});
describe('restart policies', () => {
  table(parseRestartPolicy, [
    ['no', { Name: 'no', MaximumRetryCount: 0 }],
    ['on-failure:3', { Name: 'on-failure', MaximumRetryCount: 3 }],
    ['always', { Name: 'always', MaximumRetryCount: 0 }],
    ['always:3', undefined],
    ['on-failure:x', undefined],
    ['sometimes', undefined],
    [':3', undefined],
  ]);
});
describe('extra hosts', () => {
  table(parseExtraHost, [
    ['a:10.0.0.1', 'a:10.0.0.1'],
    ['a=10.0.0.1', 'a:10.0.0.1'],
    ['a:::1', 'a:::1'],
    ['a:[::1]', 'a:::1'],
    ['a:host-gateway', 'a:host-gateway'],
    ['a:b', undefined],
    ['a', undefined],
  ]);
});
describe('networks', () => {
  table(parseNetwork, [
    ['host', { name: 'host', settings: {} }],
    ['container:abc', { name: 'container:abc', settings: {} }],
    [
      'name=n,alias=a,alias=b,ip=10.0.0.2,mac-address=02:00:00:00:00:01',
      {
        name: 'n',
        settings: {
          MacAddress: '02:00:00:00:00:01',
          IPAMConfig: { IPv4Address: '10.0.0.2' },
          Aliases: ['a', 'b'],
        },
      },
    ],
    ['name=n,colour=red', undefined],
    ['name=,alias=a', undefined],
    ['name=n,alias', undefined],
  ]);
});

describe('published ports', () => {
  const bind = (text: string) => parsePublished([text]).bindings;
  table(bind, [
    ['80', { '80/tcp': [{ HostIp: '', HostPort: '' }] }],
    ['8080:80', { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }],
    ['8080:80/UDP', { '80/udp': [{ HostIp: '', HostPort: '8080' }] }],
    ['127.0.0.1:8080:80', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] }],
    ['127.0.0.1::80', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }],
    ['[::1]:8080:80', { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }] }],
    ['[::1]::80', { '80/tcp': [{ HostIp: '::1', HostPort: '' }] }],
    [
      '8000-8001:80-81',
      { '80/tcp': [{ HostIp: '', HostPort: '8000' }], '81/tcp': [{ HostIp: '', HostPort: '8001' }] },
    ],
    ['80-81', { '80/tcp': [{ HostIp: '', HostPort: '' }], '81/tcp': [{ HostIp: '', HostPort: '' }] }],
    ['8000-8010:80', { '80/tcp': [{ HostIp: '', HostPort: '8000-8010' }] }],
    ['target=80,published=8080,protocol=udp', { '80/udp': [{ HostIp: '', HostPort: '8080' }] }],
    ['8000-8001:80-82', undefined],
    ['81-80', undefined],
    ['70000:80', undefined],
    ['80/icmp', undefined],
    ['a:b:c', undefined],
    ['example.org:80:80', undefined],
    ['8080:', undefined],
    ['target=80,colour=red', undefined],
    ['1:2:3:4', undefined],
  ]);
  test('one container port may be published twice', () => {
    assert.deepEqual(parsePublished(['1:80', '2:80']), {
      exposed: ['80/tcp'],
      bindings: {
        '80/tcp': [
          { HostIp: '', HostPort: '1' },
          { HostIp: '', HostPort: '2' },
        ],
      },
    });
  });
});
describe('exposed ports', () => {
  table(parseExposed, [
    ['80', ['80/tcp']],
    ['80-82/udp', ['80/udp', '81/udp', '82/udp']],
    ['8080:80', undefined],
    ['x', undefined],
  ]);
});

describe('mounts', () => {
  table(
    (text) => parseMount(text, '/here'),
    [
      ['type=bind,source=/a,target=/b', { Type: 'bind', Source: '/a', Target: '/b' }],
      ['type=bind,src=./a,dst=/b,ro', { Type: 'bind', Source: '/here/a', Target: '/b', ReadOnly: true }],
      [
        'type=bind,src=..,dst=/b,readonly=false',
        { Type: 'bind', Source: '/', Target: '/b', ReadOnly: false },
      ],
      ['src=v,destination=/b', { Type: 'volume', Source: 'v', Target: '/b' }],
      ['target=/b,volume-nocopy', { Type: 'volume', Target: '/b', VolumeOptions: { NoCopy: true } }],
      [
        'target=/b,volume-driver=d,volume-opt=o=x,volume-label=k=v',
        {
          Type: 'volume',
          Target: '/b',
          VolumeOptions: { DriverConfig: { Name: 'd', Options: { o: 'x' } }, Labels: { k: 'v' } },
        },
      ],
      [
        'type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770',
        { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 1048576, Mode: 0o1770 } },
      ],
      [
        'type=bind,src=/a,dst=/b,bind-propagation=rslave,bind-recursive=disabled',
        {
          Type: 'bind',
          Source: '/a',
          Target: '/b',
          BindOptions: { Propagation: 'rslave', NonRecursive: true },
        },
      ],
      [
        'type=bind,"source=/with,comma","target=/q""q"',
        { Type: 'bind', Source: '/with,comma', Target: '/q"q' },
      ],
      ['type=bind,source=/a', undefined],
      ['type=bind,source,target=/b', undefined],
      ['type=bind,color=red,target=/b', undefined],
      ['type=bind,__proto__=x,target=/b', undefined],
      ['type=bind,src=/a,target=/b,tmpfs-size=1', undefined],
      ['type=tmpfs,target=/b,tmpfs-mode=99', undefined],
      ['type=bind,"src=/a,target=/b', undefined],
      ['type=bind,src=/a,dst=/b,ro=maybe', undefined],
    ],
  );
});

describe('files of variables', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dhow-env-'));
  after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'env');

  test('are read literally, line by line', () => {
    writeFileSync(path, "\uFEFFA=1\r\n\n  # note\n  B= 2 \nC='q'\nGIVEN\nABSENT\nD=x=y");
    const variables = readVariables([path], ['E=5', 'GIVEN', 'GONE'], { GIVEN: 'yes' });
    assert.deepEqual(variables, ['A=1', 'B= 2 ', "C='q'", 'GIVEN=yes', 'D=x=y', 'E=5', 'GIVEN=yes', 'GONE']);
  });

  for (const [name, content] of [
    ['a name with a space', 'A B=1'],
    ['no name', '=1'],
    ['bytes that are no UTF-8', Buffer.from([0x41, 0x3d, 0xff])],
  ] as const) {
    test(`refuse ${name}`, () => {
      writeFileSync(path, content);
      assert.throws(
        () => readKeyValueFile(path, () => undefined),
        (error) => isDhowError(error) && error.kind === 'InvalidParameter' && error.message.includes(path),
      );
    });
  }

  test('that are not there are told by name', () => {
    assert.throws(
      () => readKeyValueFile('/nonexistent/env', () => undefined),
      /cannot read \/nonexistent\/env/,
    );
  });
});
