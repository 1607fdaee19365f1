import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { pushImage, tarOf } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { type RegistryGate, startRegistryGate } from '../../support/registry-gate.ts';
import { waitFor } from '../../support/wait-for.ts';
import { storeFiles } from './store-files.ts';

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

for (const cliName of cliNames) {
  describe(`pull › layers that are shared, by ${cliName}`, () => {
    const format = { format: 'oci', compression: 'gzip' } as const;
    const push = (repository: string, greeting: string) =>
      pushImage(registry, `${repository}-${cliName}`, { ...format, files: { greeting, cliName } }, 'v1');
    const nameOf = (repository: string): string => `${gate.address}/${repository}-${cliName}:v1`;
    const timesDownloaded = (digest: string | undefined): number =>
      gate.downloads.filter((download) => download.digest === digest).length;

    it('are downloaded once, stored once, and stay until the last image goes', async () => {
      const cli = daemon.cli(cliName);
      const stored = storeFiles(daemon.dataRoot);
      const first = await push('first', 'one');
      const second = await push('second', 'two');
      const base = first.layerDigests[0];
      assert.equal(base, second.layerDigests[0]);
      const before = timesDownloaded(base);

      await cli.out('pull', nameOf('first'));
      const output = await cli.out('pull', nameOf('second'));
      assert.ok(output.includes(`${base?.slice(7, 19)}: Already exists`), output);
      assert.equal(timesDownloaded(base), before + 1);

      await cli.out('rmi', nameOf('first'));
      assert.equal(await cli.out('run', '--rm', nameOf('second'), 'cat', '/greeting'), 'two');
      await cli.out('rmi', nameOf('second'));
      assert.deepEqual(storeFiles(daemon.dataRoot), stored);
    });

    it('are downloaded once by pulls of the same image at the same time', async () => {
      const cli = daemon.cli(cliName);
      const image = await push('together', 'three');
      const [base = ''] = image.layerDigests;
      const before = timesDownloaded(base);
      gate.hold(base, 1000);
      const pulls = [1, 2, 3].map(() => cli.run(['pull', nameOf('together')]));
      // Each asks for the manifest first; once all three have, they want the same layers.
      await waitFor('all pulls to have begun', () => registryAsked('together') >= 3 && gate.held > 0);
      gate.open();
      for (const { code, stdout, stderr } of await Promise.all(pulls)) {
        assert.equal(code, 0, stderr);
        assert.ok(stdout.includes(`Digest: ${image.digest}`));
      }
      assert.equal(timesDownloaded(base), before + 1);
      assert.equal(timesDownloaded(image.layerDigests[1]), 1);
      assert.equal(await cli.out('run', '--rm', nameOf('together'), 'cat', '/greeting'), 'three');
      await cli.out('rmi', nameOf('together'));
    });

    it('go on for the others when the one that fetches them gives up', async () => {
      const cli = daemon.cli(cliName);
      const stored = storeFiles(daemon.dataRoot);
      const image = await push('left', 'four');
      const [base = ''] = image.layerDigests;
      const before = timesDownloaded(base);
      gate.hold(base, 1000);
      const leader = cli.start(['pull', nameOf('left')]);
      await waitFor('the download to be under way', () => gate.held === 1);
      const follower = cli.run(['pull', nameOf('left')]);
      await waitFor('the second pull to have begun', () => registryAsked('left') >= 2);
      leader.kill('SIGKILL');
      await waitFor('the second pull to take over', () => timesDownloaded(base) === before + 2);
      gate.open();
      const { code, stderr } = await follower;
      assert.equal(code, 0, stderr);
      assert.equal(await cli.out('run', '--rm', nameOf('left'), 'cat', '/greeting'), 'four');
      await cli.out('rmi', nameOf('left'));
      assert.deepEqual(storeFiles(daemon.dataRoot), stored);
    });

    it('that stand in an image twice are brought once', async () => {
      const cli = daemon.cli(cliName);
      const stored = storeFiles(daemon.dataRoot);
      const layer = await tarOf({ greeting: cliName });
      const over = await tarOf({ greeting: 'in between' });
      const recipe = { ...format, layers: [layer, over, layer] };
      const image = await pushImage(registry, `twice-${cliName}`, recipe, 'v1');
      await cli.out('pull', nameOf('twice'));
      assert.equal(timesDownloaded(image.layerDigests[1]), 1);
      assert.equal(await cli.out('run', '--rm', nameOf('twice'), 'cat', '/greeting'), cliName);
      assert.equal(
        await cli.out('image', 'inspect', '--format', '{{json .RootFS.Layers}}', nameOf('twice')),
        JSON.stringify(image.diffIds),
      );
      await cli.out('rmi', nameOf('twice'));
      assert.deepEqual(storeFiles(daemon.dataRoot), stored);
    });

    function registryAsked(repository: string): number {
      return registry.log().split(`GET /v2/${repository}-${cliName}/manifests/v1 `).length - 1;
    }
  });
}
