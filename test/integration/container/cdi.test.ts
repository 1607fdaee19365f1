import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { createScratch, type Scratch } from '../../support/scratch.ts';

/** Devices of a maker that there is not, and of one that there is: all are `/dev/zero` and its like. */
const descriptions = (directory: string) => ({
  'toy.json': {
    cdiVersion: '0.6.0',
    kind: 'vendor.com/toy',
    containerEdits: { env: ['TOYS=yes'] },
    devices: [
      {
        name: 'zero',
        containerEdits: {
          env: ['TOY_ZERO=1'],
          deviceNodes: [
            { path: '/dev/toy', hostPath: '/dev/zero', permissions: 'r', fileMode: 0o440, gid: 50 },
          ],
          mounts: [{ hostPath: directory, containerPath: '/opt/toy', options: ['ro', 'rbind'] }],
          hooks: [
            {
              hookName: 'createContainer',
              path: '/bin/sh',
              args: ['sh', '-c', `cat >${directory}/hooked`],
            },
          ],
          additionalGids: [50],
        },
      },
      { name: 'strange', containerEdits: { intelRdt: {} } },
    ],
  },
  'nvidia.json': {
    cdiVersion: '0.5.0',
    kind: 'nvidia.com/gpu',
    devices: ['0', '1', 'all'].map((name) => ({ name, containerEdits: { env: [`GPU_${name}=yes`] } })),
  },
});

describe('devices by the Container Device Interface', () => {
  let scratch: Scratch;
  let daemon: Daemon;
  before(async () => {
    scratch = createScratch();
    for (const [name, content] of Object.entries(descriptions(scratch.directory))) {
      fs.writeFileSync(path.join(scratch.directory, name), JSON.stringify(content));
    }
    daemon = await startDaemon({ args: ['--cdi-spec-dir', scratch.directory] });
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    scratch?.remove();
  });

  for (const name of cliNames) {
    test(`a device with all that it brings, by ${name}`, async () => {
      const cli = daemon.cli(name);
      fs.rmSync(path.join(scratch.directory, 'hooked'), { force: true });
      const script = [
        'echo $TOYS $TOY_ZERO $(id -G) $(stat -c "%a %g" /dev/toy)',
        'head -c 3 /dev/toy | wc -c',
        'ls /opt/toy/toy.json',
        '(: >/opt/toy/x) 2>&1 | grep -o "Read-only"',
      ];
      const device = ['--device', 'vendor.com/toy=zero'];
      const output = await cli.out('run', '--rm', ...device, 'busybox', 'sh', '-c', script.join('; '));
      assert.deepEqual(output.split('\n'), ['yes 1 0 50 440 50', '3', '/opt/toy/toy.json', 'Read-only']);
      const state = JSON.parse(fs.readFileSync(path.join(scratch.directory, 'hooked'), 'utf8'));
      assert.equal(typeof state.bundle, 'string', 'the hook was given the state of the container');
    });

    test(`--gpus, by ${name}`, async () => {
      const cli = daemon.cli(name);
      const gpus = async (choice: string) =>
        (await cli.out('run', '--rm', '--gpus', choice, 'busybox', 'env'))
          .split('\n')
          .filter((entry) => entry.startsWith('GPU'));
      assert.deepEqual(await gpus('all'), ['GPU_all=yes']);
      assert.deepEqual(await gpus('2'), ['GPU_0=yes', 'GPU_1=yes']);
      assert.deepEqual(await gpus('device=1'), ['GPU_1=yes']);
      const id = await cli.out('create', '--gpus', 'all', 'busybox');
      assert.deepEqual(
        JSON.parse(await cli.out('inspect', '-f', '{{json .HostConfig.DeviceRequests}}', id)),
        [{ Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: {} }],
      );
      await cli.out('rm', id);
    });

    test(`info names the devices, by ${name}`, async () => {
      const devices = await daemon.cli(name).out('info', '--format', '{{json .DiscoveredDevices}}');
      assert.deepEqual(
        JSON.parse(devices).filter(({ ID: id }: { ID: string }) => id.startsWith('vendor.com/')),
        ['strange', 'zero'].map((device) => ({ Source: 'cdi', ID: `vendor.com/toy=${device}` })),
      );
      if (name === 'dhow') {
        assert.match(
          await daemon.cli(name).out('info'),
          /^ Discovered Devices:\n.*^ {2}cdi: vendor.com\/toy=zero$/ms,
        );
      }
    });

    test(`what is not there is said, by ${name}`, async () => {
      const cli = daemon.cli(name);
      const refused: [options: string[], message: RegExp][] = [
        [['--device', 'vendor.com/toy=none'], /unresolvable CDI devices vendor.com\/toy=none/],
        [['--device', 'vendor.com/toy=strange'], /asks for intelRdt, which is not supported/],
        [['--gpus', '3'], /unresolvable CDI devices nvidia.com\/gpu=2/],
        [['--gpus', 'driver=amd'], /could not select device driver "amd" with capabilities: \[\[gpu\]\]/],
      ];
      for (const [options, message] of refused) {
        const { code, stderr } = await cli.run(['run', '--rm', ...options, 'busybox', 'true']);
        assert.equal(code, 125, options.join(' '));
        assert.match(stderr, message);
      }
    });
  }
});
