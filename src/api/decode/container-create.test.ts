import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeContainerCreate } from '#api/decode/container-create.ts';
import { isDhowError } from '#errors/error.ts';
import type { ErrorKind } from '#errors/kinds.ts';

const decode = (config: object, hostConfig: object = {}) =>
  decodeContainerCreate({ Image: 'busybox', ...config, HostConfig: hostConfig });

function assertRefused(config: object, hostConfig: object, kind: ErrorKind, message: RegExp): void {
  assert.throws(
    () => decode(config, hostConfig),
    (error) => isDhowError(error) && error.kind === kind && message.test(error.message),
    `${JSON.stringify({ config, hostConfig })} should be ${kind} ${message}`,
  );
}

test('the smallest body gets Docker’s defaults', () => {
  const { settings, warnings } = decodeContainerCreate({ Image: 'busybox' });
  assert.deepEqual(warnings, []);
  assert.equal(settings.entrypoint, undefined);
  assert.equal(settings.command, undefined);
  assert.equal(settings.host.networkMode, 'bridge');
  assert.equal(settings.host.shmSizeBytes, 64 * 1024 * 1024);
  assert.deepEqual(settings.host.restartPolicy, { name: 'no', maximumRetryCount: 0 });
  assert.deepEqual(settings.host.security.seccomp, { kind: 'default' });
  assert.deepEqual(settings.host.resources, { deviceCgroupRules: [] });
});

test('names of fields are matched without regard to case', () => {
  const { settings } = decodeContainerCreate({
    image: 'busybox',
    tty: true,
    hostconfig: { PRIVILEGED: true },
  });
  assert.equal(settings.terminal, true);
  assert.equal(settings.host.security.privileged, true);
});

test('a single string is a command of one word', () => {
  const { settings } = decode({ Cmd: 'true', Entrypoint: ['/bin/sh', '-c'] });
  assert.deepEqual([settings.entrypoint, settings.command], [['/bin/sh', '-c'], ['true']]);
});

const unsupportedFields: [object, object, string][] = [
  [{ OnBuild: ['RUN x'] }, {}, 'OnBuild'],
  [{ Shell: ['/bin/bash'] }, {}, 'Shell'],
  [{}, { Cgroup: 'container:a' }, 'HostConfig.Cgroup'],
  [{}, { Isolation: 'hyperv' }, 'HostConfig.Isolation'],
  [{}, { VolumeDriver: 'nfs' }, 'HostConfig.VolumeDriver'],
  [{}, { LogConfig: { Type: 'gelf' } }, 'gelf'],
  [{}, { DeviceRequests: [{ Count: -1, Options: { a: 'b' } }] }, 'Options'],
  [{}, { KernelMemory: 1 }, 'HostConfig.KernelMemory'],
  [{}, { CpuCount: 1 }, 'HostConfig.CpuCount'],
  [{}, { CpuPercent: 1 }, 'HostConfig.CpuPercent'],
  [{}, { IOMaximumIOps: 1 }, 'HostConfig.IOMaximumIOps'],
  [{}, { IOMaximumBandwidth: 1 }, 'HostConfig.IOMaximumBandwidth'],
];

test('what cannot be honoured is refused by name', () => {
  for (const [config, hostConfig, name] of unsupportedFields) {
    assertRefused(config, hostConfig, 'Unsupported', new RegExp(name.replaceAll('.', '\\.')));
  }
});

test('what cannot be honoured is accepted at its default, as clients send it', () => {
  decode(
    { OnBuild: null, Shell: [], Healthcheck: null, ArgsEscaped: false },
    {
      VolumesFrom: null,
      Links: [],
      StorageOpt: {},
      Cgroup: '',
      Isolation: 'default',
      UsernsMode: 'host',
      VolumeDriver: 'local',
      LogConfig: { Type: '', Config: {} },
      BlkioWeightDevice: [],
      CpuRealtimePeriod: 0,
      DeviceRequests: null,
      ContainerIDFile: '/tmp/id',
    },
  );
});

const invalidFields: [object, object, RegExp][] = [
  [{}, { CpuRealtimePeriod: 10, CpuRealtimeRuntime: 11 }, /cpu real-time runtime cannot be higher than/],
  [{ Image: '' }, {}, /Image/],
  [{ Image: 3 }, {}, /Image must be a string/],
  [{ Env: ['=x'] }, {}, /invalid environment variable: =x/],
  [{ Env: 'A=b' }, {}, /Env must be an array of strings/],
  [{ WorkingDir: 'relative' }, {}, /'relative' is invalid, it needs to be an absolute path/],
  [{ Hostname: 'a b' }, {}, /Hostname/],
  [{ Hostname: 'a'.repeat(65) }, {}, /Hostname/],
  [{ StopSignal: 'SIGNONE' }, {}, /invalid signal: SIGNONE/],
  [{ ExposedPorts: { '99999/tcp': {} } }, {}, /invalid port specification: "99999"/],
  [{ ExposedPorts: { '80/icmp': {} } }, {}, /invalid proto/],
  [{ Volumes: { '/': {} } }, {}, /destination can't be '\/'/],
  [{ Healthcheck: { Test: ['RUN', 'x'] } }, {}, /Unknown type "RUN" in Healthcheck/],
  [{ Healthcheck: { Interval: 10 } }, {}, /Interval in Healthcheck cannot be less than 1ms/],
  [{}, { Memory: 1024 }, /Minimum memory limit allowed is 6MB/],
  [{}, { Memory: '64m' }, /HostConfig\.Memory must be a whole number/],
  [{}, { Memory: 1e308 }, /HostConfig\.Memory must be a whole number of 64 bits/],
  [{}, { MemorySwap: 1e9 }, /always set the Memory limit/],
  [{}, { Memory: 1e9, MemorySwap: 1e8 }, /Minimum memoryswap limit should be larger/],
  [{}, { Memory: 1e7, MemoryReservation: 1e8 }, /can not be less than memory reservation/],
  [{}, { MemorySwappiness: 101 }, /swappiness range is 0-100/],
  [{}, { NanoCpus: 1e9, CpuPeriod: 100000 }, /Nano CPUs and CPU Period/],
  [{}, { NanoCpus: 1e15 }, /range of CPUs is from 0\.01/],
  [{}, { CpuPeriod: 10 }, /CPU cfs period/],
  [{}, { CpuQuota: 10 }, /CPU cfs quota/],
  [{}, { CpusetCpus: 'a' }, /Invalid value a for cpuset cpus/],
  [{}, { BlkioWeight: 5 }, /blkio weight is from 10 to 1000/],
  [{}, { BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 5 }] }, /blkio weight is from 10 to 1000/],
  [{}, { BlkioDeviceReadBps: [{ Path: 'sda', Rate: 5 }] }, /must be an absolute path/],
  [{}, { BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 0 }] }, /must be a positive number/],
  [{}, { DeviceCgroupRules: ['x'] }, /invalid device cgroup rule format: 'x'/],
  [{}, { Ulimits: [{ Name: 'nofile', Soft: 2, Hard: 1 }] }, /less than or equal to hard limit: 2 > 1/],
  [{}, { Ulimits: [{ Name: 'bogus', Soft: 1, Hard: 1 }] }, /invalid ulimit type: bogus/],
  [{}, { RestartPolicy: { Name: 'maybe' } }, /unknown policy 'maybe'/],
  [{}, { RestartPolicy: { Name: 'always', MaximumRetryCount: 2 } }, /only be used with 'on-failure'/],
  [{}, { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -1 } }, /cannot be negative/],
  [{}, { AutoRemove: true, RestartPolicy: { Name: 'always' } }, /can't create 'AutoRemove' container/],
  [{}, { PidMode: 'other' }, /invalid PID mode: other/],
  [{}, { IpcMode: 'container:' }, /invalid IPC mode/],
  [{}, { UTSMode: 'private' }, /invalid UTS mode/],
  [{}, { CgroupnsMode: 'x' }, /invalid cgroup namespace mode/],
  [{}, { UsernsMode: 'private' }, /invalid user namespace mode: private/],
  [{ Hostname: 'h' }, { UTSMode: 'host' }, /hostname and the UTS mode/],
  [{ Hostname: 'h' }, { NetworkMode: 'container:a' }, /hostname and the network mode/],
  [{}, { NetworkMode: 'container:a', PortBindings: { '80/tcp': [{}] } }, /port publishing and the container/],
  [{}, { NetworkMode: 'container:' }, /invalid container format/],
  [{}, { OomScoreAdj: 1001 }, /oom score adj/],
  [{}, { ShmSize: -1 }, /SHM size/],
  [{}, { CapAdd: ['CAP_FLY'] }, /invalid CapAdd: unknown capability: "CAP_FLY"/],
  [{}, { SecurityOpt: ['seccomp={'] }, /Decoding seccomp profile failed/],
  [{}, { SecurityOpt: ['bogus=1'] }, /invalid --security-opt: "bogus=1"/],
  [{}, { Sysctls: { 'kernel.panic': '1' } }, /kernel\.panic" is not in a separate kernel namespace/],
  [
    {},
    { Sysctls: { 'net.core.somaxconn': '1' }, NetworkMode: 'host' },
    /not allowed in host network namespace/,
  ],
  [{}, { Dns: ['example'] }, /invalid IP address: example/],
  [{}, { ExtraHosts: ['a'] }, /invalid IP address in add-host/],
  [{}, { Devices: [{ PathOnHost: 'dev/null' }] }, /Devices\[0\]\.PathOnHost/],
  [{}, { Devices: [{ PathOnHost: '/dev/null', CgroupPermissions: 'rx' }] }, /invalid device mode: rx/],
  [{}, { Annotations: { '': 'x' } }, /empty string is not permitted/],
  [{}, { Binds: ['aa:/x', '/b:/x'] }, /Duplicate mount point: \/x/],
  [{}, { Binds: null, Tmpfs: { relative: '' } }, /mount path must be absolute/],
  [{}, { Tmpfs: { '/a': 'size=1m,bogus' } }, /invalid tmpfs option \["bogus"\]/],
  [{}, { Tmpfs: { '/a': 'size' } }, /invalid tmpfs option \["size"\]/],
  [{}, { VolumesFrom: [''] }, /volumes-from specification cannot be an empty string/],
  [{}, { ConsoleSize: [1] }, /HostConfig\.ConsoleSize must be two numbers/],
];

test('wrong values are refused in Docker’s words', () => {
  for (const [config, hostConfig, message] of invalidFields) {
    assertRefused(config, hostConfig, 'InvalidParameter', message);
  }
  assert.throws(() => decodeContainerCreate(undefined), /config cannot be empty/);
  assert.throws(() => decodeContainerCreate([]), /request body must be an object/);
});

test('limits are decoded with Docker’s completions', () => {
  const cases: [object, object][] = [
    [{ Memory: 1e7 }, { memoryBytes: 1e7, memorySwapBytes: 2e7 }],
    [
      { Memory: 1e7, MemorySwap: -1 },
      { memoryBytes: 1e7, memorySwapBytes: -1 },
    ],
    [
      { Memory: 2 ** 63, MemorySwap: -1 },
      { memoryBytes: 2 ** 63 - 1024, memorySwapBytes: -1 },
    ],
    [{ NanoCpus: 5e8 }, { cpuPeriodUs: 100_000, cpuQuotaUs: 50_000 }],
    [{ CpuQuota: 25_000 }, { cpuQuotaUs: 25_000 }],
    [{ PidsLimit: -1 }, {}],
    [{ PidsLimit: 7 }, { pidsLimit: 7 }],
    [
      { MemorySwappiness: 0, OomKillDisable: true },
      { memorySwappiness: 0, oomKillDisable: true },
    ],
  ];
  for (const [hostConfig, resources] of cases) {
    assert.deepEqual(decode({}, hostConfig).settings.host.resources, { ...resources, deviceCgroupRules: [] });
  }
});

test('security options', () => {
  const profile = '{"defaultAction":"SCMP_ACT_ALLOW"}';
  const security = (options: string[], more: object = {}) =>
    decode({}, { SecurityOpt: options, ...more }).settings.host.security;
  assert.equal(security(['no-new-privileges']).noNewPrivileges, true);
  assert.equal(security(['no-new-privileges:false']).noNewPrivileges, false);
  assert.deepEqual(security([`seccomp=${profile}`]).seccomp, { kind: 'profile', json: profile });
  assert.deepEqual(security(['seccomp:unconfined', 'apparmor=unconfined', 'label=disable']).seccomp, {
    kind: 'unconfined',
  });
  assert.equal(security(['apparmor:mine']).apparmorProfile, 'mine');
  assert.deepEqual(security(['label=type:x', 'label:disable']).selinuxLabels, ['type:x', 'disable']);
  assertRefused({}, { SecurityOpt: ['apparmor='] }, 'InvalidParameter', /--security-opt: "apparmor="/);
  assertRefused({}, { SecurityOpt: ['label'] }, 'InvalidParameter', /--security-opt: "label"/);
  assert.deepEqual(security(['systempaths=unconfined']).maskedPaths, []);
  assert.deepEqual(security([], { MaskedPaths: [] }).maskedPaths, []);
  assert.deepEqual(security([], { Privileged: true }).seccomp, { kind: 'unconfined' });
});

test('ports are published one by one, as ranges to choose from, or anywhere', () => {
  const { settings } = decode(
    {},
    {
      PortBindings: {
        '80/tcp': [
          { HostIp: '', HostPort: '8080' },
          { HostIp: '::1', HostPort: '8000-8010' },
        ],
        '53/udp': [{}],
        '90': null,
      },
    },
  );
  assert.deepEqual(settings.host.ports, [
    { containerPort: 80, protocol: 'tcp', hostAddress: '', hostPort: 8080, hostPortEnd: 8080 },
    { containerPort: 80, protocol: 'tcp', hostAddress: '::1', hostPort: 8000, hostPortEnd: 8010 },
    { containerPort: 53, protocol: 'udp', hostAddress: '', hostPort: 0, hostPortEnd: 0 },
  ]);
  for (const HostPort of ['8010-8000', '1-2-3', 'x', '70000']) {
    assertRefused(
      {},
      { PortBindings: { '80/tcp': [{ HostPort }] } },
      'InvalidParameter',
      /invalid port specification/,
    );
  }
});

test('with the host’s network, published ports are dropped with a warning', () => {
  const { settings, warnings } = decode({}, { NetworkMode: 'host', PortBindings: { '80/tcp': [{}] } });
  assert.deepEqual([settings.host.ports, warnings.length], [[], 1]);
});

test('the networks come from NetworkingConfig, else from the mode, and the older MacAddress is the first one’s', () => {
  const networks = (networkMode: string, config: object) =>
    decodeContainerCreate({ Image: 'x', HostConfig: { NetworkMode: networkMode }, ...config }).settings
      .networks;
  const named = { EndpointsConfig: { net: { IPAMConfig: { IPv4Address: '10.0.0.2' }, Aliases: ['a'] } } };
  assert.deepEqual(networks('net', { NetworkingConfig: named }), [
    { network: 'net', address: '10.0.0.2', aliases: ['a'] },
  ]);
  assert.deepEqual(networks('default', { MacAddress: '02:00:00:00:00:0A' }), [
    { network: 'bridge', macAddress: '02:00:00:00:00:0a', aliases: [] },
  ]);
  assert.deepEqual(
    networks('default', { NetworkingConfig: named }).map(({ network }) => network),
    ['net'],
  );
  const several = { EndpointsConfig: { b: { GwPriority: 3 }, a: null } };
  assert.deepEqual(networks('a', { NetworkingConfig: several, MacAddress: '02:00:00:00:00:0a' }), [
    { network: 'b', gatewayPriority: 3, aliases: [] },
    { network: 'a', macAddress: '02:00:00:00:00:0a', aliases: [] },
  ]);
  assert.deepEqual(networks('container:x', {}), []);
  assert.throws(
    () => networks('container:x', { NetworkingConfig: named }),
    /network "net" and the network mode/,
  );
  const onBridge = { EndpointsConfig: { bridge: { IPAMConfig: { IPv4Address: '10.0.0.2' } } } };
  assert.throws(() => networks('default', { NetworkingConfig: onBridge }), /user defined networks only/);
  const option = { EndpointsConfig: { a: { DriverOpts: { 'com.example.speed': '9' } } } };
  assert.throws(() => networks('a', { NetworkingConfig: option }), /"com.example.speed" is not supported/);
});

test('links are the container’s on the default network, and the endpoint’s on others', () => {
  const decodeLinks = (networkMode: string, config: object = {}) =>
    decodeContainerCreate({
      Image: 'x',
      HostConfig: { NetworkMode: networkMode, Links: ['db', 'cache:store', '/db:/web/again'] },
      ...config,
    }).settings;
  assert.deepEqual(decodeLinks('default').host.links, [
    { target: 'db', alias: 'db' },
    { target: 'cache', alias: 'store' },
    { target: 'db', alias: 'again' },
  ]);
  const networking = { NetworkingConfig: { EndpointsConfig: { net: { Links: ['db:store'] } } } };
  const own = decodeLinks('net', networking);
  assert.deepEqual(own.host.links, []);
  assert.deepEqual(own.networks[0]?.links, [{ target: 'db', alias: 'store' }]);
  assert.throws(() => decodeLinks('host'), /host type networking can't be used with links/);
  assert.throws(() => decodeLinks('container:x'), /container type network can't be used with links/);
  for (const bad of ['', ':x', 'a:b:c', 'a:b c', 'a:b\n']) {
    assert.throws(
      () => decodeContainerCreate({ Image: 'x', HostConfig: { Links: [bad] } }),
      /bad format for links/,
      bad,
    );
  }
});
