import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type CreateOptions, createOptions } from '#cli/commands/container/create-options.ts';
import { buildCreateRequest } from '#cli/commands/container/create-request.ts';
import { parseOptions } from '#cli/parse-options.ts';
import { isDhowError } from '#errors/error.ts';
import type { ContainerCreateRequest } from '#wire/containers.ts';

function build(line: string | string[], detach = false): ContainerCreateRequest {
  const words = typeof line === 'string' ? line.split(' ') : line;
  const { options, given, operands } = parseOptions(createOptions, words, { interspersed: false });
  const [image = '', ...command] = operands;
  return buildCreateRequest(
    { options: options as CreateOptions, given, image, command, detach },
    { environment: { FROM_HERE: 'yes' }, workingDirectory: '/work' },
  );
}

test('nothing asked: what docker sends, and no more', () => {
  assert.deepEqual(build('box'), {
    Image: 'box',
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    HostConfig: {
      AutoRemove: false,
      NetworkMode: 'default',
      Privileged: false,
      PublishAllPorts: false,
      ReadonlyRootfs: false,
    },
  });
});

describe('attached streams', () => {
  const cases: [line: string, detach: boolean, attached: string][] = [
    ['-i box', false, 'in out err open once'],
    ['-i box', true, 'open'],
    ['-a stdout box', false, 'out'],
    ['-a stdout -i box', false, 'in out open once'],
    ['-a stdin box', false, 'in'],
    ['-a STDIN -a stderr -i box', false, 'in err open once'],
  ];
  for (const [line, detach, attached] of cases) {
    test(`${line}${detach ? ' (detached)' : ''}`, () => {
      const request = build(line, detach);
      const names = [
        request.AttachStdin && 'in',
        request.AttachStdout && 'out',
        request.AttachStderr && 'err',
        request.OpenStdin && 'open',
        request.StdinOnce && 'once',
      ];
      assert.equal(names.filter(Boolean).join(' '), attached);
    });
  }
});

describe('of the config', () => {
  const cases: [line: string | string[], part: Partial<ContainerCreateRequest>][] = [
    ['box sh -c x', { Cmd: ['sh', '-c', 'x'] }],
    ['--entrypoint /e box', { Entrypoint: ['/e'] }],
    [['--entrypoint', '', 'box'], { Entrypoint: [''] }],
    ['-e A=1 -e FROM_HERE -e GONE box', { Env: ['A=1', 'FROM_HERE=yes', 'GONE'] }],
    ['-l a=b -l c --label d=e=f box', { Labels: { a: 'b', c: '', d: 'e=f' } }],
    [
      '-h web --domainname example.org -u 1:2 -w /tmp -t box',
      { Hostname: 'web', Domainname: 'example.org', User: '1:2', WorkingDir: '/tmp', Tty: true },
    ],
    ['--stop-signal INT --stop-timeout 0 box', { StopSignal: 'INT', StopTimeout: 0 }],
    ['--expose 80-81 -p 1:2/udp box', { ExposedPorts: { '80/tcp': {}, '81/tcp': {}, '2/udp': {} } }],
    ['-v /data box', { Volumes: { '/data': {} } }],
    ['--no-healthcheck box', { Healthcheck: { Test: ['NONE'] } }],
    [
      ['--health-cmd', 'curl x', '--health-interval', '1s', '--health-retries', '2', 'box'],
      { Healthcheck: { Test: ['CMD-SHELL', 'curl x'], Interval: 1e9, Retries: 2 } },
    ],
    ['--mac-address 02:00:00:00:00:01 box', { MacAddress: '02:00:00:00:00:01' }],
  ];
  for (const [line, part] of cases) {
    test(String(line), () => {
      const request = build(line);
      for (const [name, value] of Object.entries(part)) assert.deepEqual(request[name as 'Cmd'], value, name);
    });
  }
});

describe('of the host config', () => {
  const cases: [line: string | string[], part: NonNullable<ContainerCreateRequest['HostConfig']>][] = [
    [
      '-v /a:/b:ro -v ./c:/d -v ..:/e -v name:/f -v /a:/b:ro box',
      { Binds: ['/a:/b:ro', '/work/c:/d', '/:/e', 'name:/f'] },
    ],
    ['--mount type=bind,src=./a,dst=/b box', { Mounts: [{ Type: 'bind', Source: '/work/a', Target: '/b' }] }],
    ['--tmpfs /t --tmpfs /u:size=1m,mode=1777 box', { Tmpfs: { '/t': '', '/u': 'size=1m,mode=1777' } }],
    [
      '-m 64m --memory-swap -1 --memory-reservation 32m box',
      { Memory: 67108864, MemorySwap: -1, MemoryReservation: 33554432 },
    ],
    [
      '--cpus 1.5 -c 512 --cpuset-cpus 0,1 --pids-limit 10 box',
      { NanoCpus: 1.5e9, CpuShares: 512, CpusetCpus: '0,1', PidsLimit: 10 },
    ],
    [
      '--rm --init --privileged --read-only -P box',
      { AutoRemove: true, Init: true, Privileged: true, ReadonlyRootfs: true, PublishAllPorts: true },
    ],
    ['--init=false box', { Init: false }],
    [
      '--cap-add NET_ADMIN --cap-drop ALL --group-add 5 box',
      { CapAdd: ['NET_ADMIN'], CapDrop: ['ALL'], GroupAdd: ['5'] },
    ],
    [
      '--security-opt no-new-privileges --security-opt seccomp=unconfined box',
      { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] },
    ],
    ['--security-opt systempaths=unconfined box', { MaskedPaths: [], ReadonlyPaths: [] }],
    ['--restart on-failure:2 box', { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } }],
    ['--log-driver none box', { LogConfig: { Type: 'none', Config: {} } }],
    ['--log-opt max-size=1m box', { LogConfig: { Type: '', Config: { 'max-size': '1m' } } }],
    [
      '--pid host --ipc private --uts host --cgroupns host --userns host box',
      { PidMode: 'host', IpcMode: 'private', UTSMode: 'host', CgroupnsMode: 'host', UsernsMode: 'host' },
    ],
    [
      '--add-host a=1.2.3.4 --dns 9.9.9.9 --dns-search x --dns-opt ndots:1 box',
      { ExtraHosts: ['a:1.2.3.4'], Dns: ['9.9.9.9'], DnsSearch: ['x'], DnsOptions: ['ndots:1'] },
    ],
    [
      '--sysctl a.b=1 --shm-size 1g --ulimit nofile=1:2 box',
      { Sysctls: { 'a.b': '1' }, ShmSize: 1 << 30, Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }] },
    ],
    ['--net host box', { NetworkMode: 'host' }],
    [
      '--oom-score-adj -5 --annotation a=b --cgroup-parent /p box',
      { OomScoreAdj: -5, Annotations: { a: 'b' }, CgroupParent: '/p' },
    ],
    ['--memory-swappiness -1 box', {}],
  ];
  for (const [line, part] of cases) {
    test(String(line), () => {
      const host = build(line).HostConfig ?? {};
      for (const [name, value] of Object.entries(part)) assert.deepEqual(host[name as 'Binds'], value, name);
    });
  }
});

describe('of the networks', () => {
  test('settings go to the first', () => {
    const request = build('--network one --network name=two,alias=t --ip 10.0.0.9 --network-alias o box');
    assert.equal(request.HostConfig?.NetworkMode, 'one');
    assert.deepEqual(request.NetworkingConfig?.EndpointsConfig, {
      one: { IPAMConfig: { IPv4Address: '10.0.0.9' }, Aliases: ['o'] },
      two: { Aliases: ['t'] },
    });
  });
  test('a bare network needs no endpoint', () => {
    assert.equal(build('--network one box').NetworkingConfig, undefined);
  });
});

test('a seccomp profile is sent as its text', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dhow-seccomp-'));
  after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'profile.json');
  writeFileSync(path, '{ "defaultAction":\n "SCMP_ACT_ALLOW" }');
  const request = build(['--security-opt', `seccomp=${path}`, 'box']);
  assert.deepEqual(request.HostConfig?.SecurityOpt, ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']);
  writeFileSync(path, '{');
  assert.throws(() => build(['--security-opt', `seccomp=${path}`, 'box']), /seccomp profile/);
});

describe('contradictions are refused', () => {
  for (const line of [
    '--rm --restart always box',
    '--no-healthcheck --health-cmd x box',
    '--network a --network a box',
    '--network name=a,ip=10.0.0.1 --ip 10.0.0.2 box',
    '--log-driver none --log-opt a=b box',
    '--security-opt nonsense box',
    '--memory-swappiness 101 box',
    '--env-file /nonexistent box',
    '-e =x box',
  ]) {
    test(line, () => {
      assert.throws(
        () => build(line),
        (error) => isDhowError(error) && error.kind === 'InvalidParameter',
      );
    });
  }
});
