import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { pushImage, tarOf } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { type RegistryGate, startRegistryGate } from '../../support/registry-gate.ts';
import { waitFor } from '../../support/wait-for.ts';
import { storeFiles } from './store-files.ts';

const layerBytes = 8_000_000;
const heldAtBytes = 6_000_000;
/** What the network's buffers may still have held when the download was cut. */
const slackBytes = 1_000_000;

let registry: Registry;
let gate: RegistryGate;
let daemon: Daemon;

before(async () => {
  registry = await startRegistry();
  gate = await startRegistryGate(registry);
  daemon = await startDaemon();
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await gate?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

/** How a pull ends before its time. */
const interruptions: {
  what: string;
  interrupt: (client: { kill(signal: NodeJS.Signals): boolean }) => Promise<void>;
}[] = [
  {
    what: 'the client goes away',
    interrupt: async (client) => {
      client.kill('SIGKILL');
    },
  },
  {
    what: 'the user presses Ctrl-C',
    interrupt: async (client) => {
      client.kill('SIGINT');
    },
  },
  {
    what: 'the daemon is stopped',
    interrupt: async () => {
      await daemon.stop();
      await daemon.start();
    },
  },
  {
    what: 'the daemon is killed',
    interrupt: async () => {
      await daemon.kill9();
      await daemon.start();
    },
  },
];

for (const cliName of cliNames) {
  describe(`pull › goes on where it was, by ${cliName}, after`, () => {
    for (const [index, { what, interrupt }] of interruptions.entries()) {
      it(what, async () => {
        const cli = daemon.cli(cliName);
        const stored = storeFiles(daemon.dataRoot);
        const repository = `interrupted-${cliName}-${index}`;
        const name = `${gate.address}/${repository}:v1`;
        const big = await tarOf({ greeting: `${repository} `.padEnd(layerBytes, '.') });
        const image = await pushImage(
          registry,
          repository,
          { format: 'oci', compression: 'none', layers: [big] },
          'v1',
        );
        const [, layer = ''] = image.layerDigests;

        gate.hold(layer, heldAtBytes);
        const client = cli.start(['pull', name]);
        const ended = new Promise<number | null>((resolve) => client.on('exit', resolve));
        client.stdout.resume();
        await waitFor('the first part to be on disk', () => largestPart() >= heldAtBytes - slackBytes);
        await interrupt(client);
        assert.notEqual(await ended, 0);
        await waitFor('the download to be given up', () => gate.held === 0);
        assert.equal(await cli.out('images', '-q', name), '');
        gate.open();

        await cli.out('pull', name);
        const [first, ...rest] = gate.downloads.filter(({ digest }) => digest === layer);
        assert.equal(first?.offset, 0);
        assert.equal(rest.length, 1);
        assert.ok((rest[0]?.offset ?? 0) >= heldAtBytes - slackBytes, JSON.stringify(rest));
        assert.equal(
          await cli.out('run', '--rm', name, 'head', '-c', String(repository.length), '/greeting'),
          repository,
        );
        await cli.out('rmi', name);
        assert.deepEqual(storeFiles(daemon.dataRoot), stored);
      });
    }
  });
}

it('pull › begins anew where what is on disk turns out to be wrong', async () => {
  const cli = daemon.cli('dhow');
  const name = `${gate.address}/wrong-part:v1`;
  const big = await tarOf({ greeting: 'right'.padEnd(layerBytes, '.') });
  const recipe = { format: 'oci', compression: 'none', layers: [big] } as const;
  const [, layer = ''] = (await pushImage(registry, 'wrong-part', recipe, 'v1')).layerDigests;
  gate.hold(layer, heldAtBytes);
  const client = cli.start(['pull', name]);
  const ended = new Promise((resolve) => client.on('exit', resolve));
  client.stdout.resume();
  await waitFor('the first part to be on disk', () => largestPart() >= heldAtBytes - slackBytes);
  client.kill('SIGKILL');
  await ended;
  await waitFor('the download to be given up', () => gate.held === 0);
  gate.open();

  const ingests = path.join(daemon.dataRoot, 'content/ingest');
  for (const part of fs.readdirSync(ingests)) fs.writeFileSync(path.join(ingests, part), 'x', { flag: 'r+' });
  assert.equal(await cli.out('run', '--rm', name, 'head', '-c', '5', '/greeting'), 'right');
  const [first, second, third, ...more] = gate.downloads.filter(({ digest }) => digest === layer);
  assert.deepEqual([first?.offset, third?.offset, more], [0, 0, []]);
  assert.ok((second?.offset ?? 0) > 0);
  await cli.out('rmi', name);
});

/** Bytes of the largest download under way; the base is smaller than what is waited for. */
function largestPart(): number {
  const parts = storeFiles(daemon.dataRoot).filter((line) => line.startsWith('content/ingest/'));
  return Math.max(0, ...parts.map((line) => Number(line.split(' ').at(-1))));
}
