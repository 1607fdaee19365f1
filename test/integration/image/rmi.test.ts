import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { type PushedImage, pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { storeFiles } from './store-files.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

describeEngine('rmi', ({ cli, engine, unique }) => {
  /** An image whose upper layer no other has. */
  async function pulled(): Promise<PushedImage & { name: string; repository: string; shortId: string }> {
    const repository = unique('removed');
    const name = `${registry.address}/${repository}:v1`;
    const files = { greeting: repository };
    const image = await pushImage(registry, repository, { format: 'oci', compression: 'gzip', files }, 'v1');
    await cli.out('pull', '-q', name);
    return {
      ...image,
      name,
      repository: `${registry.address}/${repository}`,
      shortId: image.configDigest.slice(7, 19),
    };
  }
  async function refused(args: string[], message: string): Promise<void> {
    const { code, stdout, stderr } = await cli.run(['rmi', ...args]);
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 1, stdout: '', stderr: `Error response from daemon: ${message}\n` },
    );
  }
  const stored = (): string[] =>
    engine().kind === 'dhow' ? storeFiles(path.join(engine().directory, 'data')) : [];

  it('by its only tag deletes the image and those layers that nobody else has', async () => {
    const before = stored();
    const image = await pulled();
    const lines = (await cli.out('rmi', image.name)).split('\n');
    assert.deepEqual(lines.slice(0, -1), [
      `Untagged: ${image.name}`,
      `Untagged: ${image.repository}@${image.digest}`,
      `Deleted: ${image.configDigest}`,
    ]);
    // The chain id of both layers: the base stays, as busybox has it too.
    assert.match(lines.at(-1) ?? '', /^Deleted: sha256:[0-9a-f]{64}$/);
    assert.ok(!image.diffIds.some((diffId) => lines.at(-1)?.includes(diffId)));
    assert.deepEqual(stored(), before);
  });

  it('by a platform removes an image of that platform alone', async () => {
    const { name } = await pulled();
    await refused(
      ['--platform', 'linux/riscv64', name],
      `image with reference ${name} was found but does not provide the specified platform (linux/riscv64)`,
    );
    const platform = await cli.out('inspect', '--format', '{{.Os}}/{{.Architecture}}', name);
    assert.match(await cli.out('rmi', '--platform', platform, name), /^Deleted: /m);
  });

  it('by one of several tags takes off that tag alone', async () => {
    const image = await pulled();
    const other = unique('other');
    await cli.out('tag', image.name, other);
    assert.equal(await cli.out('rmi', other), `Untagged: ${other}:latest`);
    assert.equal(
      await cli.out('run', '--rm', image.name, 'cat', '/greeting'),
      image.name.split('/')[1]?.split(':')[0],
    );
    await cli.out('rmi', image.name);
  });

  it('by the last tag of its repository takes off the digests of that repository too', async () => {
    const image = await pulled();
    const other = unique('other');
    await cli.out('tag', image.name, other);
    assert.deepEqual((await cli.out('rmi', image.name)).split('\n'), [
      `Untagged: ${image.name}`,
      `Untagged: ${image.repository}@${image.digest}`,
    ]);
    assert.equal(await cli.out('image', 'inspect', '--format', '{{.RepoTags}}', other), `[${other}:latest]`);
    await cli.out('rmi', other);
  });

  it('by digest takes off the digest', async () => {
    const image = await pulled();
    const byDigest = `${image.repository}@${image.digest}`;
    assert.equal(await cli.out('rmi', byDigest), `Untagged: ${byDigest}`);
    await refused([byDigest], `No such image: ${byDigest}`);
    await cli.out('rmi', image.name);
  });

  it('by id is refused when several repositories have it, unless forced', async () => {
    const before = stored();
    const image = await pulled();
    const other = unique('zother');
    await cli.out('tag', image.name, other);
    const message = `conflict: unable to delete ${image.shortId} (must be forced) - image is referenced in multiple repositories`;
    await refused([image.configDigest], message);
    await refused([image.shortId], message);
    assert.deepEqual((await cli.out('rmi', '-f', image.configDigest)).split('\n').slice(0, -1), [
      `Untagged: ${image.name}`,
      `Untagged: ${image.repository}@${image.digest}`,
      `Untagged: ${other}:latest`,
      `Deleted: ${image.configDigest}`,
    ]);
    assert.deepEqual(stored(), before);
  });

  it('is refused while a container uses the image, with the container’s id', async () => {
    const before = stored();
    const image = await pulled();
    const id = await cli.out('create', image.name, 'cat', '/greeting');
    const container = id.slice(0, 12);
    await refused(
      [image.name],
      `conflict: unable to remove repository reference "${image.name}" (must force) - container ${container} is using its referenced image ${image.shortId}`,
    );
    await refused(
      [image.configDigest],
      `conflict: unable to delete ${image.shortId} (must be forced) - image is being used by stopped container ${container}`,
    );
    assert.equal(await cli.out('images', '-q', image.name), image.shortId);
    // The container keeps what it needs when the image is removed all the same.
    await cli.out('rmi', '-f', image.name);
    assert.equal(await cli.out('images', '-q', image.name), '');
    assert.equal(await cli.out('start', '-a', id), image.name.split('/')[1]?.split(':')[0]);
    await cli.out('rm', id);
    if (engine().kind === 'dhow') {
      // Layers that only the container kept go with the next removal.
      await cli.out('rmi', (await pulled()).name);
      assert.deepEqual(stored(), before);
    }
  });

  it('forced takes the name of what a running container uses, and nothing else', async () => {
    const image = await pulled();
    const id = await cli.out('run', '-d', image.name, 'sleep', '1000');
    assert.deepEqual((await cli.out('rmi', '-f', image.name)).split('\n'), [
      `Untagged: ${image.name}`,
      `Untagged: ${image.repository}@${image.digest}`,
    ]);
    await refused(
      ['-f', image.configDigest],
      `conflict: unable to delete ${image.shortId} (cannot be forced) - image is being used by running container ${id.slice(0, 12)}`,
    );
    await cli.out('rm', '-f', id);
    await cli.out('rmi', image.configDigest);
  });

  it('goes on after an image that does not exist', async () => {
    const image = await pulled();
    const { code, stdout, stderr } = await cli.run(['rmi', 'no-such-image', image.name]);
    assert.equal(code, 1);
    assert.equal(stderr, 'Error response from daemon: No such image: no-such-image:latest\n');
    assert.match(stdout, /^Untagged: /);
    const forced = await cli.run(['rmi', '-f', 'no-such-image']);
    assert.equal(forced.code, 0);
    assert.match(forced.stderr, /No such image: no-such-image:latest/);
  });

  it('--no-prune deletes the image’s layers all the same', async () => {
    const before = stored();
    const image = await pulled();
    assert.match(await cli.out('rmi', '--no-prune', image.name), /Deleted: \S+\nDeleted: \S+$/);
    assert.deepEqual(stored(), before);
  });
});
