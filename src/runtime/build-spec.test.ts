import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { buildSpec, composeSpec, type SpecContext } from '#runtime/build-spec.ts';
import type { OciSpec } from '#runtime/oci.ts';
import { capabilityNames } from '#runtime/spec/capabilities.ts';
import { findMountPropagation } from '#runtime/spec/mounts.ts';
import type { SpecInput } from '#runtime/spec.ts';
import { plainSpecInput } from '#runtime/testing/spec-input.ts';

const context: SpecContext = {
  capabilities: capabilityNames.filter((name) => name !== 'CAP_SYS_RESOURCE'),
  architecture: 'amd64',
  kernel: { major: 6, minor: 1 },
  hardLimits: { nofile: 20000, core: -1 },
  oomScore: 0,
  defaultSeccomp: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] },
  hostMessageQueues: false,
};
const root = { uid: 0, gid: 0, additionalGids: [], home: '/root' };

function build(
  change: (input: SpecInput) => void = () => {},
  user = root,
  host: Partial<SpecContext> = {},
): OciSpec {
  const input = plainSpecInput();
  change(input);
  return composeSpec(input, { ...context, ...host }, { user, deviceNodes: [], deviceRules: [] });
}

function optionsOf(spec: OciSpec, destination: string): string[] | undefined {
  return spec.mounts.find((mount) => mount.destination === destination)?.options;
}

describe('a plain container', () => {
  const spec = build();
  test("has Docker's capabilities, and for root only", () => {
    assert.equal(spec.process.capabilities?.bounding.length, 14);
    assert.deepEqual(spec.process.capabilities?.effective, spec.process.capabilities?.bounding);
    assert.deepEqual(spec.process.capabilities?.inheritable, []);
    const other = build(undefined, { ...root, uid: 5 });
    assert.deepEqual(other.process.capabilities?.effective, []);
    assert.equal(other.process.capabilities?.bounding.length, 14);
  });
  test('has namespaces of its own but shares the cgroup namespace', () => {
    assert.deepEqual(
      spec.linux.namespaces.map(({ type }) => type),
      ['mount', 'pid', 'ipc', 'uts', 'network'],
    );
  });
  test('has its own cgroup under the parent', () => {
    assert.equal(spec.linux.cgroupsPath, `/dhow-rt-test/${'c'.repeat(64)}`);
  });
  test('has standard mounts, /sys and cgroups read-only', () => {
    assert.deepEqual(
      spec.mounts.map(({ destination }) => destination),
      ['/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'],
    );
    assert.ok(optionsOf(spec, '/sys')?.includes('ro'));
    assert.ok(optionsOf(spec, '/sys/fs/cgroup')?.includes('ro'));
    assert.ok(optionsOf(spec, '/dev/shm')?.includes('size=67108864'));
  });
  test('cannot look at or write to the dangerous parts of /proc', () => {
    assert.ok(spec.linux.maskedPaths?.includes('/proc/kcore'));
    assert.ok(spec.linux.readonlyPaths?.includes('/proc/sysrq-trigger'));
    assert.ok(spec.linux.seccomp);
  });
  test('may use harmless devices only', () => {
    const { devices } = spec.linux.resources as { devices: { allow: boolean }[] };
    assert.deepEqual(devices[0], { allow: false, access: 'rwm' });
    assert.ok(devices.every((rule, index) => index === 0 || rule.allow));
  });
  test('finds its programs, home and name in the environment', () => {
    assert.deepEqual(spec.process.env, [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=box',
      'HOME=/root',
    ]);
  });
});

describe('settings', () => {
  test('privileged gives all that the daemon holds and hides nothing', () => {
    const spec = build((input) => {
      input.security.privileged = true;
    });
    assert.deepEqual(spec.process.capabilities?.bounding, context.capabilities);
    assert.equal(spec.linux.seccomp, undefined);
    assert.deepEqual(spec.linux.maskedPaths, []);
    assert.deepEqual(spec.linux.readonlyPaths, []);
    assert.ok(!optionsOf(spec, '/sys')?.includes('ro'));
    assert.deepEqual(spec.linux.resources['devices'], [{ allow: true, access: 'rwm' }]);
  });

  test('the AppArmor profile is the named one, or the host’s default, or none for a privileged container', () => {
    const plain = {};
    const named = { apparmorProfile: 'mine' };
    const dockers = { apparmorProfile: 'docker-default' };
    const privileged = { privileged: true };
    const cases = [
      { appArmor: { defaultProfile: 'usual' }, security: plain, profile: 'usual' },
      { appArmor: { defaultProfile: 'usual' }, security: named, profile: 'mine' },
      { appArmor: { defaultProfile: 'usual' }, security: privileged, profile: 'unconfined' },
      { appArmor: { defaultProfile: 'usual' }, security: { ...privileged, ...named }, profile: 'mine' },
      { appArmor: {}, security: plain, profile: undefined },
      { appArmor: {}, security: named, profile: 'mine' },
      { appArmor: { defaultProfile: 'usual' }, security: dockers, profile: 'usual' },
      { appArmor: {}, security: dockers, profile: 'docker-default' },
      { appArmor: undefined, security: plain, profile: undefined },
      { appArmor: undefined, security: named, profile: undefined },
      { appArmor: undefined, security: privileged, profile: undefined },
    ];
    for (const { appArmor, security, profile } of cases) {
      const spec = build((input) => Object.assign(input.security, security), root, { appArmor });
      assert.equal(spec.process.apparmorProfile, profile, JSON.stringify({ appArmor, security }));
    }
  });

  test("the user's environment goes over the defaults, the last value wins", () => {
    const spec = build((input) => {
      input.process.terminal = true;
      input.process.env = ['PATH=/mine', 'A=1', 'HOME=', 'A=2'];
    });
    assert.deepEqual(spec.process.env, ['PATH=/mine', 'HOSTNAME=box', 'TERM=xterm', 'A=2', 'HOME=']);
  });

  test('an init runs the program and is mounted, unless the container has the pids of another', () => {
    const withInit = (input: SpecInput) => {
      input.initBinary = '/usr/bin/tini-static';
      input.process.args = ['sleep', '1'];
    };
    assert.deepEqual(build(withInit).process.args, ['/sbin/docker-init', '--', 'sleep', '1']);
    assert.deepEqual(optionsOf(build(withInit), '/sbin/docker-init'), ['bind', 'ro', 'rprivate']);
    const shared = build((input) => {
      withInit(input);
      input.namespaces.pid = { mode: 'host' };
    });
    assert.deepEqual(shared.process.args, ['sleep', '1']);
  });

  test('namespaces are joined or left out', () => {
    const spec = build((input) => {
      input.namespaces.network = { mode: 'path', path: '/proc/1/ns/net' };
      input.namespaces.uts = { mode: 'host' };
      input.namespaces.ipc = { mode: 'host' };
      input.namespaces.cgroup = { mode: 'private' };
    });
    assert.deepEqual(spec.linux.namespaces, [
      { type: 'mount' },
      { type: 'pid' },
      { type: 'network', path: '/proc/1/ns/net' },
      { type: 'cgroup' },
    ]);
    assert.equal(spec.hostname, undefined);
    assert.equal(spec.mounts.find(({ destination }) => destination === '/dev/shm')?.source, '/dev/shm');
  });

  test('a user namespace is joined, and its network has no groups that it lacks', () => {
    const range = { inside: 0, outside: 100_000, count: 1000 };
    const { linux } = build((input) => {
      input.userNamespace = { path: '/proc/1/fd/9', mapping: { uids: [range], gids: [range] } };
    });
    const [user] = linux.namespaces.filter(({ type }) => type === 'user');
    assert.deepEqual(user, { type: 'user', path: '/proc/1/fd/9' });
    assert.deepEqual(linux.uidMappings, [{ containerID: 0, hostID: 100_000, size: 1000 }]);
    assert.deepEqual(linux.gidMappings, linux.uidMappings);
    assert.equal(linux.sysctl?.['net.ipv4.ping_group_range'], '0 999');
  });
  test("a user's mount takes the place of a standard one", () => {
    const spec = build((input) => {
      input.mounts.push(
        {
          type: 'bind',
          source: '/x',
          target: '/dev/shm',
          readonly: true,
          propagation: 'rprivate',
          recursive: true,
        },
        { type: 'tmpfs', target: '/t', options: ['exec', 'size=1m'] },
      );
    });
    const shm = spec.mounts.filter(({ destination }) => destination === '/dev/shm');
    assert.deepEqual(shm, [
      { destination: '/dev/shm', type: 'bind', source: '/x', options: ['rbind', 'rro', 'rprivate'] },
    ]);
    assert.deepEqual(optionsOf(spec, '/t'), ['nosuid', 'nodev', 'exec', 'size=1m']);
  });

  test('the daemon’s protection from the kernel’s killer is not handed down', () => {
    const scoreOf = (own: number, wish?: number): number | undefined =>
      build(
        (input) => {
          if (wish !== undefined) input.process.oomScoreAdj = wish;
        },
        root,
        { oomScore: own },
      ).process.oomScoreAdj;
    assert.equal(scoreOf(-500), 0);
    assert.equal(scoreOf(-500, 300), 300);
    assert.equal(scoreOf(0), undefined);
    assert.equal(scoreOf(200), undefined, 'to lower it may not be allowed');
  });

  test('a container in the network of the host keeps its network settings', () => {
    assert.ok(build().linux.sysctl?.['net.ipv4.ip_unprivileged_port_start']);
    const spec = build((input) => {
      input.namespaces.network = { mode: 'host' };
    });
    assert.equal(spec.linux.sysctl, undefined);
  });

  const refused: [title: string, change: (input: SpecInput) => void, message: RegExp][] = [
    ['unknown capability', (i) => i.security.capabilitiesAdd.push('FOO'), /invalid capability: "FOO"/],
    [
      'capability that the daemon lacks',
      (i) => i.security.capabilitiesAdd.push('sys_resource'),
      /CAP_SYS_RESOURCE/,
    ],
    [
      'limit above the daemon’s',
      (i) => i.process.rlimits.push({ name: 'nofile', soft: 1, hard: 30000 }),
      /20000/,
    ],
    [
      'unlimited above a limit',
      (i) => i.process.rlimits.push({ name: 'nofile', soft: 1, hard: -1 }),
      /20000/,
    ],
    ['soft above hard', (i) => i.process.rlimits.push({ name: 'core', soft: -1, hard: 5 }), /soft limit/],
    [
      'unknown limit',
      (i) => i.process.rlimits.push({ name: 'toString', soft: 1, hard: 5 }),
      /invalid ulimit type/,
    ],
    [
      'oom score below the daemon’s',
      (i) => {
        i.process.oomScoreAdj = -1;
      },
      /lacks CAP_SYS_RESOURCE/,
    ],
    [
      'oom score out of range',
      (i) => {
        i.process.oomScoreAdj = 1001;
      },
      /range for oom score/,
    ],
    [
      'host-wide sysctl',
      (i) => {
        i.sysctls = { 'vm.swappiness': '1' };
      },
      /not separate for each container/,
    ],
    [
      'sysctl of the host’s network',
      (i) => {
        i.namespaces.network = { mode: 'host' };
        i.sysctls = { 'net.core.somaxconn': '1' };
      },
      /host's network namespace/,
    ],
    ['device rule', (i) => i.resources.deviceCgroupRules.push('c 1:3 x'), /invalid device cgroup rule/],
    [
      'swap below memory',
      (i) => {
        i.resources.memoryBytes = 100;
        i.resources.memorySwapBytes = 50;
      },
      /memoryswap limit/,
    ],
    [
      'swap without memory',
      (i) => {
        i.resources.memorySwapBytes = 50;
      },
      /always set the Memory limit/,
    ],
    [
      'seccomp text',
      (i) => {
        i.security.seccomp = { kind: 'profile', json: '{' };
      },
      /is not JSON/,
    ],
  ];
  for (const [title, change, message] of refused) {
    test(`are refused: ${title}`, () => {
      assert.throws(() => build(change), { kind: 'InvalidParameter', message });
    });
  }
});

describe('capabilities', () => {
  const cases: [add: string[], drop: string[], expected: string[] | number][] = [
    [['net_admin'], [], 15],
    [['CAP_NET_ADMIN', 'ALL'], ['sys_admin'], context.capabilities.length - 1],
    [[], ['all'], 0],
    [['chown'], ['ALL'], ['CAP_CHOWN']],
    [[], ['CHOWN', 'kill'], 12],
  ];
  for (const [add, drop, expected] of cases) {
    test(`add [${add}] and drop [${drop}]`, () => {
      const { process } = build((input) => {
        input.security.capabilitiesAdd = add;
        input.security.capabilitiesDrop = drop;
      });
      const bounding = process.capabilities?.bounding ?? [];
      if (typeof expected === 'number') assert.equal(bounding.length, expected);
      else assert.deepEqual(bounding, expected);
    });
  }
});

describe('resources', () => {
  const memory = (change: (resources: SpecInput['resources']) => void) =>
    build((input) => change(input.resources)).linux.resources['memory'];
  test('with a memory limit as much swap is allowed', () => {
    assert.deepEqual(
      memory((r) => {
        r.memoryBytes = 100;
      }),
      { limit: 100, swap: 200 },
    );
  });
  test('swap can be unlimited or counted with memory', () => {
    assert.deepEqual(
      memory((r) => {
        r.memoryBytes = 100;
        r.memorySwapBytes = -1;
      }),
      { limit: 100, swap: -1 },
    );
    assert.deepEqual(
      memory((r) => {
        r.memoryBytes = 100;
        r.memorySwapBytes = 100;
      }),
      { limit: 100, swap: 100 },
    );
  });
  test('zero is no limit', () => {
    assert.equal(
      memory((r) => {
        r.memoryBytes = 0;
        r.memorySwapBytes = 0;
      }),
      undefined,
    );
    assert.deepEqual(Object.keys(build().linux.resources), ['devices']);
  });
});

describe('devices of the host', () => {
  const withDevice = (hostPath: string) =>
    plainSpecInput({
      rootDirectory: '/',
      devices: [{ hostPath, containerPath: '/dev/x', permissions: 'rw' }],
    });
  test('appear with their numbers and a rule', () => {
    const spec = buildSpec(withDevice('/dev/null'), context);
    assert.deepEqual(spec.linux.devices, [
      {
        path: '/dev/x',
        type: 'c',
        major: 1,
        minor: 3,
        fileMode: fs.statSync('/dev/null').mode & 0o777,
        uid: 0,
        gid: 0,
      },
    ]);
    const rules = spec.linux.resources['devices'] as unknown[];
    assert.deepEqual(rules.at(-1), { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' });
  });
  for (const [path, message] of [
    ['/nowhere', /does not exist/],
    ['/etc/passwd', /not a device/],
  ] as const) {
    test(`are refused: ${path}`, () => {
      assert.throws(() => buildSpec(withDevice(path), context), { kind: 'InvalidParameter', message });
    });
  }
});

describe('the mount a path lies on', () => {
  const mountInfo = [
    '21 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw',
    '22 21 0:21 / /data rw,relatime - tmpfs tmpfs rw',
    '23 22 0:22 / /data/deep rw,relatime shared:3 master:2 - tmpfs tmpfs rw',
    '24 22 0:23 / /data/deep rw,relatime master:9 - tmpfs tmpfs rw',
  ].join('\n');
  const cases: [path: string, mountPoint: string, fields: string[]][] = [
    ['/etc', '/', ['shared:1']],
    ['/database', '/', ['shared:1']],
    ['/data', '/data', []],
    ['/data/deep/er', '/data/deep', ['master:9']],
  ];
  for (const [path, mountPoint, fields] of cases) {
    test(`of ${path} is ${mountPoint}`, () => {
      assert.deepEqual(findMountPropagation(mountInfo, path), { mountPoint, fields });
    });
  }
});
