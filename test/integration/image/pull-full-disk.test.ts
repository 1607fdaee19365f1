import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { type ImageRecipe, pushImage, tarOf } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { storeFiles } from './store-files.ts';

let registry: Registry;
let daemon: Daemon;

before(async () => {
  registry = await startRegistry();
  daemon = await startDaemon();
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

/** Which store is too small, and an image that does not fit into it: as it comes, or once it is unpacked. */
const cases: { store: string; compression: ImageRecipe['compression'] }[] = [
  { store: 'content', compression: 'none' },
  { store: 'layers', compression: 'gzip' },
];

for (const cliName of cliNames) {
  describe(`pull › onto a full disk, by ${cliName}`, () => {
    for (const { store, compression } of cases) {
      it(`(${store}) says so, leaves nothing behind, and goes on when there is space`, async () => {
        const cli = daemon.cli(cliName);
        const repository = `full-${store}-${cliName}`;
        const name = `${registry.address}/${repository}:v1`;
        const big = await tarOf({ greeting: `${repository} `.padEnd(12_000_000, '.') });
        await pushImage(registry, repository, { format: 'oci', compression, layers: [big] }, 'v1');
        const directory = path.join(daemon.dataRoot, store);
        await daemon.stop();
        await outputOf('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'dhow-test', directory]);
        try {
          await daemon.start();
          const stored = storeFiles(daemon.dataRoot);
          const { code, stderr } = await cli.run(['pull', name]);
          assert.equal(code, 1);
          assert.match(stderr, /no space left on device|disk .*full/i);
          assert.deepEqual(storeFiles(daemon.dataRoot), stored);
          assert.equal(await cli.out('images', '-q', name), '');

          await outputOf('mount', ['-o', 'remount,size=64m', directory]);
          await cli.out('pull', name);
          assert.equal(
            await cli.out('run', '--rm', name, 'head', '-c', String(repository.length), '/greeting'),
            repository,
          );
          await cli.out('rmi', name);
          assert.deepEqual(storeFiles(daemon.dataRoot), stored);
        } finally {
          await daemon.stop();
          await outputOf('umount', [directory]);
          await daemon.start();
        }
      });
    }
  });
}
