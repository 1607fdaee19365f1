import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { type PushedImage, pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { storeFiles } from './store-files.ts';

let registry: Registry;
let daemon: Daemon;
let image: PushedImage;
let counter = 0;
let name = '';

before(async () => {
  registry = await startRegistry();
  daemon = await startDaemon();
  await importBase(daemon);
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

/** What is done to a file of the registry's storage, and what the user is told then. */
const damages: {
  what: string;
  part: (image: PushedImage) => string | undefined;
  damage: (file: string) => void;
  message: (image: PushedImage) => RegExp;
}[] = [
  {
    what: 'a layer with a changed byte',
    part: ({ layerDigests }) => layerDigests[1],
    damage: (file) => flipByte(file, 100),
    message: ({ layerDigests }) => new RegExp(`${layerDigests[1]}`),
  },
  {
    what: 'a layer that is another one',
    part: ({ layerDigests }) => layerDigests[1],
    damage: (file) => fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 1)),
    message: ({ layerDigests }) => new RegExp(`${layerDigests[1]}`),
  },
  {
    what: 'a layer cut short',
    part: ({ layerDigests }) => layerDigests[1],
    damage: (file) => fs.truncateSync(file, 200),
    message: ({ layerDigests }) => new RegExp(`${layerDigests[1]} of .* has 200 bytes`),
  },
  {
    what: 'a layer that is missing',
    part: ({ layerDigests }) => layerDigests[1],
    damage: (file) => fs.rmSync(file),
    message: () => /missing in the registry/,
  },
  {
    what: 'a changed configuration',
    part: ({ configDigest }) => configDigest,
    damage: (file) => flipByte(file, 30),
    message: ({ configDigest }) => new RegExp(`expected ${configDigest}`),
  },
  {
    what: 'a changed manifest',
    part: ({ digest }) => digest,
    damage: (file) => flipByte(file, 30),
    // The registry itself notices, and answers with an error of its own.
    message: () => /\/manifests\/v1: unknown: unknown error/,
  },
];

for (const cliName of cliNames) {
  describe(`pull › refuses, by ${cliName}, and leaves nothing behind:`, () => {
    for (const { what, part, damage, message } of damages) {
      it(what, async () => {
        await pushUnlike(cliName);
        const cli = daemon.cli(cliName);
        const stored = storeFiles(daemon.dataRoot);
        const file = registry.blobFile(part(image) ?? '');
        const intact = fs.readFileSync(file);
        damage(file);
        const { code, stdout, stderr } = await cli.run(['pull', name]);
        assert.equal(code, 1, stdout + stderr);
        assert.match(stderr, message(image));
        assert.doesNotMatch(stdout, /Status:/);
        assert.deepEqual(storeFiles(daemon.dataRoot), stored);
        assert.equal(await cli.out('images', '-q', name), '');

        fs.writeFileSync(file, intact);
        await cli.out('pull', name);
        assert.equal(await cli.out('run', '--rm', name, 'cat', '/greeting'), name);
        await cli.out('rmi', name);
        assert.deepEqual(storeFiles(daemon.dataRoot), stored, 'after the removal of the whole image');
      });
    }
  });
}

/** Pushes an image of three layers, of which `busybox` is one. */
async function pushUnlike(cliName: string): Promise<void> {
  counter += 1;
  const repository = `damaged-${cliName}-${counter}`;
  name = `${registry.address}/${repository}:v1`;
  // Several blocks of text that does not compress away, so that something is under way when the damage is met.
  const noise = Array.from({ length: 40_000 }, (_, index) => Math.sin(index + counter)).join('\n');
  image = await pushImage(
    registry,
    repository,
    { format: 'oci', compression: 'gzip', files: { greeting: name, noise } },
    'v1',
  );
}

function flipByte(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
}
