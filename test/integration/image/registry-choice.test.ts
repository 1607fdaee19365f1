import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let first: Registry;
let second: Registry;
before(async () => {
  [first, second] = await Promise.all([startRegistry(), startRegistry()]);
});
after(async () => {
  await first?.[Symbol.asyncDispose]();
  await second?.[Symbol.asyncDispose]();
});

const recipe = (greeting: string) => ({ format: 'oci', compression: 'gzip', files: { greeting } }) as const;

describe('registries of the configuration', () => {
  for (const name of cliNames) {
    it(`--default-registry: names without a registry are looked up in order (${name})`, async () => {
      await pushImage(first, 'both', recipe('from the first'), 'latest');
      await pushImage(second, 'both', recipe('from the second'), 'latest');
      await pushImage(second, 'second/only', recipe('only in the second'), 'latest');
      const args = [first, second].flatMap(({ address }) => ['--default-registry', address]);
      await using daemon = await startDaemon({ args });
      const cli = daemon.cli(name);
      assert.equal(await cli.out('run', '--rm', 'both', 'cat', '/greeting'), 'from the first');
      assert.equal(await cli.out('run', '--rm', 'second/only', 'cat', '/greeting'), 'only in the second');
      // The image has the name under which it was found.
      const names = await cli.out('images', '--format', '{{.Repository}}');
      assert.deepEqual(
        names.split('\n').sort(),
        [`${first.address}/both`, `${second.address}/second/only`].sort(),
      );
      assert.equal((await cli.run(['pull', 'nowhere'])).code, 1);
    });
  }

  it('--registry-mirror-for: a mirror is asked first, and the registry when it fails', async () => {
    await pushImage(first, 'mirrored', recipe('from the mirror'), 'v1');
    await pushImage(second, 'mirrored', recipe('from the registry'), 'v1');
    await pushImage(second, 'unmirrored', recipe('not in the mirror'), 'v1');
    const mirror = `${second.address}=http://${first.address}`;
    await using daemon = await startDaemon({ args: ['--registry-mirror-for', mirror] });
    const dhow = daemon.cli('dhow');
    const greet = (image: string): Promise<string> => dhow.out('run', '--rm', image, 'cat', '/greeting');
    assert.equal(await greet(`${second.address}/mirrored:v1`), 'from the mirror');
    assert.equal(await greet(`${second.address}/unmirrored:v1`), 'not in the mirror');
  });

  it('--registry-mirror-for: a mirror that nobody answers for costs no pull', async () => {
    await pushImage(second, 'dead-mirror', recipe('from the registry'), 'v1');
    const mirror = `${second.address}=http://127.0.0.1:1`;
    await using daemon = await startDaemon({ args: ['--registry-mirror-for', mirror] });
    const image = `${second.address}/dead-mirror:v1`;
    const greeting = await daemon.cli('dhow').out('run', '--rm', image, 'cat', '/greeting');
    assert.equal(greeting, 'from the registry');
  });

  it('--registry-mirror-for: what a mirror has wrong comes from the registry', async () => {
    const image = `${second.address}/wrong-mirror:v1`;
    const pushed = await pushImage(second, 'wrong-mirror', recipe('right'), 'v1');
    const { configDigest, layerDigests } = await pushImage(first, 'wrong-mirror', recipe('right'), 'v1');
    assert.equal(configDigest, pushed.configDigest, 'the mirror has the same image');
    const mirror = `${second.address}=http://${first.address}`;
    await using daemon = await startDaemon({ args: ['--registry-mirror-for', mirror] });
    const dhow = daemon.cli('dhow');
    const damages: ((file: string) => void)[] = [
      // Shows when it is decompressed, or not before its digest is known.
      (file) => fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 1)),
      (file) => fs.writeFileSync(file, flipped(fs.readFileSync(file), -6)),
    ];
    for (const digest of [configDigest, ...layerDigests]) {
      const file = first.blobFile(digest);
      const intact = fs.readFileSync(file);
      for (const damage of damages) {
        damage(file);
        assert.equal(await dhow.out('run', '--rm', image, 'cat', '/greeting'), 'right');
        await dhow.out('rmi', image);
        fs.writeFileSync(file, intact);
      }
    }
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const index = bytes.length + at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}
