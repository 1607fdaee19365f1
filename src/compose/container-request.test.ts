import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newContainer } from '#compose/container-request.ts';
import { loadText } from '#compose/testing/load-text.ts';

function requestOf(content: string, rest = '', variables = {}) {
  const project = loadText(`services:\n  other: { image: i }\n  web: ${content}\n${rest}`, variables);
  return newContainer(project, {
    service: 'web',
    name: 'shop-web-1',
    number: 1,
    imageId: 'sha256:1',
    nameOf: (service) => `shop-${service}-1`,
  });
}

describe('newContainer', () => {
  it('carries the labels of Docker Compose', () => {
    const { request } = requestOf(
      '{ image: i, labels: { a: b }, depends_on: { other: { condition: service_healthy } } }',
    );
    const {
      'com.docker.compose.config-hash': hash,
      'dhow.compose.used-hash': used,
      ...labels
    } = request.Labels ?? {};
    for (const digest of [hash, used]) assert.match(digest ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(labels, {
      a: 'b',
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.image': 'sha256:1',
      'com.docker.compose.depends_on': 'other:service_healthy:false',
      'com.docker.compose.project.working_dir': '/p',
      'com.docker.compose.project.config_files': '/p/compose.yaml',
      'com.docker.compose.version': '2.40.0',
    });
  });

  it('joins its networks by priority, under its names', () => {
    const { request, attachments } = requestOf(
      '{ image: i, networks: { a: { aliases: [x] }, b: { priority: 1, ipv4_address: 10.0.0.5 } }, links: ["other:o"] }',
      'networks: { a: , b: { name: real } }',
    );
    assert.equal(request.HostConfig?.NetworkMode, 'real');
    assert.deepEqual(Object.keys(request.NetworkingConfig?.EndpointsConfig ?? {}), ['real']);
    assert.deepEqual(
      attachments.map(({ network, settings }) => [network, settings]),
      [
        [
          'real',
          {
            Aliases: ['shop-web-1', 'web'],
            IPAMConfig: { IPv4Address: '10.0.0.5' },
            Links: ['shop-other-1:o'],
          },
        ],
        ['shop_a', { Aliases: ['shop-web-1', 'web', 'x'], Links: ['shop-other-1:o'] }],
      ],
    );
  });

  it('translates ports, limits, health, restart and namespaces', () => {
    const { request } = requestOf(`
    image: i
    network_mode: service:other
    ports: ['127.0.0.1:8080:80', '90/udp']
    expose: ['7000-7001']
    deploy: { resources: { limits: { cpus: '1.5', memory: 64m } }, restart_policy: { condition: on-failure, max_attempts: 2 } }
    healthcheck: { test: t, interval: 1m30s, retries: 2 }
    ulimits: { nofile: { soft: 1, hard: 2 } }
    devices: ['/dev/null:/dev/x:r']
    extra_hosts: ['h=::1']
    stop_grace_period: 1500ms
    shm_size: 1m
    volumes_from: ['other:ro', 'container:c']
    entrypoint: []`);
    assert.deepEqual(request.HostConfig, {
      ExtraHosts: ['h:::1'],
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
      ShmSize: 1024 ** 2,
      Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
      Memory: 64 * 1024 ** 2,
      NanoCpus: 1.5e9,
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }], '90/udp': [{ HostPort: '' }] },
      NetworkMode: 'container:shop-other-1',
      VolumesFrom: ['shop-other-1:ro', 'c'],
    });
    assert.deepEqual(Object.keys(request.ExposedPorts ?? {}), ['7000/tcp', '7001/tcp', '80/tcp', '90/udp']);
    assert.deepEqual(request.Healthcheck, { Test: ['CMD-SHELL', 't'], Interval: 90e9, Retries: 2 });
    assert.equal(request.StopTimeout, 2);
    assert.deepEqual(request.Entrypoint, []);
  });

  it('mounts volumes, and files of configs and secrets; copies the others', () => {
    const { request, files } = requestOf(
      `{ image: i, tmpfs: '/t:size=1m', volumes: ['./a:/a:ro', 'v:/v', /anonymous, { type: tmpfs, target: /m, tmpfs: { size: 1k } }],
    configs: [c, { source: text, target: /etc/text, mode: 0440, uid: '7' }], secrets: [s, { source: f, target: x, mode: 0400 }] }`,
      `volumes: { v: }\nconfigs: { c: { file: ./c }, text: { content: hello } }\nsecrets: { s: { environment: S }, f: { file: f } }`,
      { S: 'secret' },
    );
    const { Binds, Mounts, Tmpfs } = request.HostConfig ?? {};
    assert.deepEqual(Binds, ['/p/a:/a:ro']);
    assert.deepEqual(Tmpfs, { '/t': 'size=1m' });
    assert.deepEqual(
      Mounts?.map(({ Type, Source, Target }) => [Type, Source, Target]),
      [
        ['volume', 'shop_v', '/v'],
        ['volume', undefined, '/anonymous'],
        ['tmpfs', undefined, '/m'],
        ['bind', '/p/c', '/c'],
      ],
    );
    assert.deepEqual(files, [
      { path: '/etc/text', content: 'hello', mode: 0o440, uid: 7, gid: 0 },
      { path: '/run/secrets/s', content: 'secret', mode: 0o444, uid: 0, gid: 0 },
      { path: '/run/secrets/x', content: { file: '/p/f' }, mode: 0o400, uid: 0, gid: 0 },
    ]);
  });

  it('refuses what it cannot say to the daemon', () => {
    const refuse = (content: string, reason: RegExp, rest = '') =>
      assert.throws(() => requestOf(content, rest), reason);
    refuse('{ image: i, restart: sometimes }', /"sometimes" is none of/);
    refuse('{ image: i, expose: [x] }', /expose: "x"/);
    refuse(
      '{ image: i, security_opt: ["seccomp:./p.json"] }',
      /cannot read the seccomp profile \/p\/p\.json/,
    );
    refuse('{ image: i, secrets: [s] }', /needs the variable S/, 'secrets: { s: { environment: S } }');
    refuse(
      '{ image: i, secrets: [s] }',
      /has "external", which only a swarm/,
      'secrets: { s: { external: true } }',
    );
    refuse(
      '{ image: i, configs: [c] }',
      /has "driver", which only a swarm/,
      'configs: { c: { file: ./f, driver: d } }',
    );
  });

  it('limits block devices, gives real time, asks for devices and links what is outside', () => {
    const { request, attachments } = requestOf(`
      image: i
      blkio_config: { weight: 300, weight_device: [{ path: /dev/a, weight: 4 }], device_read_bps: [{ path: /dev/a, rate: 1k }] }
      cpu_rt_period: 1000000
      cpu_rt_runtime: 95000
      cpu_count: 2
      devices: [vendor.com/class=one, /dev/x:/dev/y:r]
      gpus: [{ count: 2 }]
      external_links: [outside:o]
      isolation: default
      deploy: { resources: { reservations: { cpus: 1, devices: [{ capabilities: [tpu] }] } }, restart_policy: { condition: any, delay: 5s } }`);
    const host = request.HostConfig ?? {};
    assert.equal(host.BlkioWeight, 300);
    assert.deepEqual(host.BlkioWeightDevice, [{ Path: '/dev/a', Weight: 4 }]);
    assert.deepEqual(host.BlkioDeviceReadBps, [{ Path: '/dev/a', Rate: 1024 }]);
    assert.deepEqual(
      [host.CpuRealtimePeriod, host.CpuRealtimeRuntime, host.CpuCount],
      [1_000_000, 95_000, 2],
    );
    assert.deepEqual(host.DeviceRequests, [
      { Count: -1, Capabilities: [['tpu']] },
      { Driver: 'cdi', DeviceIDs: ['vendor.com/class=one'] },
      { Count: 2, Capabilities: [['gpu']] },
    ]);
    assert.deepEqual(host.Devices, [
      { PathOnHost: '/dev/x', PathInContainer: '/dev/y', CgroupPermissions: 'r' },
    ]);
    assert.deepEqual(attachments[0]?.settings.Links, ['outside:o']);
    assert.deepEqual([host.Isolation, host.RestartPolicy?.Name], ['default', 'always']);
  });
});
