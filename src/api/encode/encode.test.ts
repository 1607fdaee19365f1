import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeContainerCreate } from '#api/decode/container-create.ts';
import { encodeContainerInspect } from '#api/encode/container-inspect.ts';
import { encodeContainerSummary } from '#api/encode/container-summary.ts';
import { encodeImageInspect, encodeImageSummary } from '#api/encode/images.ts';
import { createProgressEncoder } from '#api/encode/progress.ts';
import { createFakeEngine, fakeImage } from '#api/testing/fake-engine.ts';
import type { ContainerView } from '#engine/containers.ts';
import type { Endpoint } from '#network/network.ts';

const defaults = { runtime: 'crun', storageDriver: 'overlay2', appArmor: undefined };

async function viewOf(body: object): Promise<ContainerView> {
  const { containers } = createFakeEngine();
  const { id } = await containers.create({
    name: 'web',
    settings: decodeContainerCreate({ Image: 'busybox', ...body }).settings,
  });
  return containers.get(id);
}

const endpoint: Endpoint = {
  id: 'e'.repeat(64),
  containerId: 'c'.repeat(64),
  containerName: 'web',
  networkId: 'b'.repeat(64),
  networkName: 'bridge',
  driver: 'bridge',
  interfaceName: 'eth0',
  macAddress: '02:42:0a:58:00:02',
  ipv4: { address: '10.88.0.2', prefixLength: 24, gateway: '10.88.0.1' },
  ipv6: { address: '', prefixLength: 0, gateway: '' },
  aliases: [],
  names: [],
  gatewayPriority: 0,
};

/** What Docker keeps of a request and gives back in inspect. */
const kept = {
  Binds: ['/tmp:/x:ro', 'data:/y'],
  NetworkMode: 'bridge',
  PortBindings: {
    '80/tcp': [{ HostIp: '', HostPort: '8080' }],
    '90/udp': [{ HostIp: '127.0.0.1', HostPort: '9000-9010' }],
  },
  RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  Mounts: [
    { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
    { Type: 'volume', Source: 'data', Target: '/c', VolumeOptions: { NoCopy: true } },
    { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 4096, Mode: 0o700, Options: [['noexec']] } },
  ],
  ConsoleSize: [24, 80],
  CapAdd: ['NET_ADMIN'],
  CapDrop: ['ALL'],
  CgroupnsMode: 'host',
  Dns: ['1.1.1.1'],
  DnsOptions: ['ndots:1'],
  DnsSearch: ['example.org'],
  ExtraHosts: ['a:1.2.3.4'],
  GroupAdd: ['audio'],
  IpcMode: 'shareable',
  PidMode: 'host',
  OomScoreAdj: 5,
  PublishAllPorts: true,
  ReadonlyRootfs: true,
  SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'],
  Tmpfs: { '/u': 'size=1m' },
  ShmSize: 1e7,
  Sysctls: { 'net.ipv4.ip_forward': '1' },
  Runtime: 'runc',
  CpuShares: 512,
  Memory: 1e7,
  MemorySwap: 3e7,
  MemoryReservation: 7e6,
  NanoCpus: 1.5e9,
  CpusetCpus: '0-1',
  BlkioWeight: 100,
  PidsLimit: 10,
  Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rw' }],
  DeviceCgroupRules: ['c 1:3 rwm'],
  Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
  Init: true,
  CgroupParent: '/slice',
  MaskedPaths: [],
};

test('inspect gives back what create was asked', async () => {
  const view = await viewOf({ HostConfig: kept });
  const { HostConfig } = encodeContainerInspect(view, defaults);
  for (const [name, value] of Object.entries(kept)) {
    assert.deepEqual(HostConfig[name as keyof typeof HostConfig], value, name);
  }
});

test('what was not asked has Docker’s defaults and nulls', async () => {
  const view = await viewOf({});
  const inspect = encodeContainerInspect(view, defaults);
  const { HostConfig, Config, State, NetworkSettings } = inspect;
  assert.deepEqual(
    [
      HostConfig.Binds,
      HostConfig.CapAdd,
      HostConfig.PidsLimit,
      HostConfig.OomKillDisable,
      HostConfig.SecurityOpt,
    ],
    [null, null, null, null, null],
  );
  assert.deepEqual([HostConfig.PortBindings, HostConfig.Devices, HostConfig.Dns], [{}, [], []]);
  assert.deepEqual(
    [HostConfig.IpcMode, HostConfig.Runtime, HostConfig.ShmSize],
    ['private', 'crun', 67108864],
  );
  assert.equal(Config.Hostname, view.id.slice(0, 12));
  assert.deepEqual(
    [Config.Entrypoint, Config.Volumes, Config.OnBuild, inspect.ExecIDs],
    [null, null, null, null],
  );
  assert.deepEqual([State.Status, State.StartedAt, State.Pid], ['created', '0001-01-01T00:00:00Z', 0]);
  assert.deepEqual(NetworkSettings.Ports, {});
  assert.deepEqual(Object.keys(NetworkSettings.Networks), ['bridge']);
  assert.equal(inspect.Name, '/web');
});

test('masked and read-only paths are those in force, and null where a privileged container has none', async () => {
  const paths = async (body: Parameters<typeof viewOf>[0]) => {
    const { MaskedPaths, ReadonlyPaths } = encodeContainerInspect(await viewOf(body), defaults).HostConfig;
    return { MaskedPaths, ReadonlyPaths };
  };
  const plain = await paths({});
  assert.deepEqual(plain.MaskedPaths?.slice(0, 2), ['/proc/asound', '/proc/acpi']);
  assert.ok(plain.MaskedPaths?.includes('/sys/devices/virtual/powercap'));
  assert.deepEqual(plain.ReadonlyPaths, [
    '/proc/bus',
    '/proc/fs',
    '/proc/irq',
    '/proc/sys',
    '/proc/sysrq-trigger',
  ]);
  const none = { MaskedPaths: null, ReadonlyPaths: null };
  assert.deepEqual(await paths({ HostConfig: { Privileged: true } }), none);
  assert.deepEqual(await paths({ HostConfig: { SecurityOpt: ['systempaths=unconfined'] } }), {
    MaskedPaths: [],
    ReadonlyPaths: [],
  });
  const own = { MaskedPaths: ['/proc/keys'], ReadonlyPaths: [] };
  assert.deepEqual(await paths({ HostConfig: own }), own);
});

test('a running container shows its endpoint and ports', async () => {
  const view = await viewOf({ ExposedPorts: { '80/tcp': {}, '81/tcp': {} } });
  view.endpoints = [endpoint];
  view.ports = [{ containerPort: 80, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080 }];
  view.state = { status: 'running', pid: 7, startedAt: new Date(0), error: '', exitCode: 3 };
  const { NetworkSettings, State } = encodeContainerInspect(view, defaults);
  assert.deepEqual(NetworkSettings.Ports, {
    '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
    '81/tcp': null,
  });
  assert.equal(NetworkSettings.IPAddress, '10.88.0.2');
  assert.equal(NetworkSettings.Networks['bridge']?.Gateway, '10.88.0.1');
  assert.deepEqual([State.Pid, State.ExitCode, State.Running], [7, 0, true]);
  const summary = encodeContainerSummary(view, { now: new Date(3000), minor: 51, imageNameHolds: true });
  assert.equal(summary.Health, undefined);
  assert.deepEqual(summary.Ports, [
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { PrivatePort: 81, Type: 'tcp' },
  ]);
  assert.equal(summary.Status, 'Up 3 seconds');
});

test('ps shows the image’s id once its name points elsewhere, and quotes arguments with spaces', async () => {
  const view = await viewOf({ Cmd: ['sh', '-c', 'echo a'] });
  const summary = encodeContainerSummary(view, { now: new Date(), minor: 52, imageNameHolds: false });
  assert.deepEqual(summary.Health, { Status: 'none', FailingStreak: 0 });
  assert.equal(summary.Image, view.imageId);
  assert.equal(summary.Command, "sh -c 'echo a'");
});

test('images have short names; VirtualSize only for old clients', () => {
  const image = fakeImage('docker.io/library/busybox:latest');
  const summary = encodeImageSummary(image, 51);
  assert.deepEqual(summary.RepoTags, ['busybox:latest']);
  assert.match(summary.RepoDigests[0] ?? '', /^busybox@sha256:/);
  assert.equal(summary.Created, 1767323045);
  assert.equal('VirtualSize' in summary, false);
  assert.equal(encodeImageSummary(image, 43).VirtualSize, 4_000_000);
  const inspect = encodeImageInspect(image, 'overlay2', 51);
  assert.deepEqual([inspect.Config.Cmd, inspect.Config.Env, inspect.Config.Entrypoint], [['sh'], null, null]);
  assert.equal('ContainerConfig' in inspect, false);
  assert.deepEqual(encodeImageInspect(image, 'overlay2', 44).ContainerConfig, inspect.Config);
});

test('each layer is announced before its first step', () => {
  const encode = createProgressEncoder();
  const layer = `sha256:${'0123456789ab'.padEnd(64, '0')}`;
  assert.deepEqual(encode({ phase: 'resolving', repository: 'busybox', tag: 'latest' }), [
    { status: 'Pulling from library/busybox', id: 'latest' },
  ]);
  assert.deepEqual(encode({ phase: 'downloading', layer, current: 1, total: 2 }), [
    { status: 'Pulling fs layer', progressDetail: {}, id: '0123456789ab' },
    { status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: '0123456789ab' },
  ]);
  assert.deepEqual(encode({ phase: 'complete', layer }), [
    { status: 'Pull complete', progressDetail: {}, id: '0123456789ab' },
  ]);
  assert.deepEqual(encode({ phase: 'done', reference: 'busybox:latest', upToDate: true }), [
    { status: 'Status: Image is up to date for busybox:latest' },
  ]);
});
