import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let registry: Registry;
let other: Registry;
before(async () => {
  [registry, other] = await Promise.all([startRegistry(), startRegistry()]);
});
after(async () => {
  await registry?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

/** What skopeo finds in a registry. */
async function rawManifest(image: string): Promise<string> {
  return outputOf('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${image}`]);
}

async function digestIn(image: string): Promise<string> {
  const options = ['--tls-verify=false', '--format', '{{.Digest}}'];
  return outputOf('skopeo', ['inspect', ...options, `docker://${image}`]);
}

describeEngine('push', ({ cli, engine, unique }) => {
  const inspect = (image: string, format: string): Promise<string> =>
    cli.out('image', 'inspect', '--format', format, image);

  it('gives what was imported to a registry, from which it comes back the same', async () => {
    const name = `${registry.address}/${unique('imported')}:v1`;
    await cli.out('tag', 'busybox', name);
    const lines = (await cli.out('push', name)).split('\n');
    const repository = name.replace(/:v1$/, '');
    assert.equal(lines[0], `The push refers to repository [${repository}]`);
    assert.match(lines.at(-1) ?? '', /^v1: digest: sha256:[0-9a-f]{64} size: \d+$/);
    assert.ok(lines.some((line) => /^[0-9a-f]{12}: (Pushed|Mounted from .*)$/.test(line)));

    const digest = await digestIn(name);
    assert.equal(lines.at(-1)?.split(' ')[2], digest);
    const id = await inspect(name, '{{.Id}}');
    assert.match(await inspect(name, '{{json .RepoDigests}}'), new RegExp(`${repository}@${digest}`));
    await cli.out('rmi', name);
    await cli.out('pull', '-q', name);
    assert.equal(await inspect(name, '{{.Id}}'), id);
    assert.equal(await cli.out('run', '--rm', name, 'echo', 'back'), 'back');
  });

  it('says what the registry has already', async () => {
    const repository = `${registry.address}/${unique('twice')}`;
    for (const tag of ['a', 'b']) await cli.out('tag', 'busybox', `${repository}:${tag}`);
    const first = await cli.out('push', `${repository}:a`);
    const second = await cli.out('push', `${repository}:b`);
    assert.match(second, /^[0-9a-f]{12}: Layer already exists$/m);
    assert.equal(first.split('digest: ')[1], second.split('digest: ')[1]);
  });

  it('mounts layers from another repository of the registry', async () => {
    const source = unique('mount-source');
    await pushImage(registry, source, { format: 'docker', compression: 'gzip', files: { m: source } }, 'v1');
    await cli.out('pull', '-q', `${registry.address}/${source}:v1`);
    const target = `${registry.address}/${unique('mount-target')}:v1`;
    await cli.out('tag', `${registry.address}/${source}:v1`, target);
    assert.match(await cli.out('push', target), new RegExp(`^[0-9a-f]{12}: Mounted from ${source}$`, 'm'));
    assert.equal(await rawManifest(target), await rawManifest(`${registry.address}/${source}:v1`));
  });

  for (const [format, compression] of [
    ['docker', 'gzip'],
    ['oci', 'gzip'],
    ['oci', 'zstd'],
  ] as const) {
    it(`brings a pulled image to another registry bit by bit (${format}, ${compression})`, async (test) => {
      if (engine().kind === 'dockerd') return test.skip("Debian's dockerd compresses anew");
      const repository = unique('elsewhere');
      const recipe = { format, compression, files: { e: repository } } as const;
      const pushed = await pushImage(registry, repository, recipe, 'v1');
      const [from, to] = [registry, other].map(({ address }) => `${address}/${repository}:v1`) as [
        string,
        string,
      ];
      await cli.out('pull', '-q', from);
      await cli.out('tag', from, to);
      await cli.out('push', to);
      assert.equal(await digestIn(to), pushed.digest);
      for (const layer of pushed.layerDigests) {
        assert.ok(fs.readFileSync(registry.blobFile(layer)).equals(fs.readFileSync(other.blobFile(layer))));
      }
      const kept = fs.readdirSync(`${engine().directory}/data/content/blobs/sha256`);
      assert.ok(!kept.includes((pushed.layerDigests[1] ?? '').slice(7)), 'the compressed layer was kept');
    });
  }

  it('compresses anew what the first registry no longer has; the image id stays', async (test) => {
    if (engine().kind === 'dockerd') return test.skip('it always does');
    const gone = await startRegistry();
    const repository = unique('gone');
    const from = `${gone.address}/${repository}:v1`;
    try {
      const recipe = { format: 'docker', compression: 'gzip', files: { g: repository } } as const;
      await pushImage(gone, repository, recipe, 'v1');
      await cli.out('pull', '-q', from);
    } finally {
      await gone[Symbol.asyncDispose]();
    }
    const to = `${other.address}/${repository}:v1`;
    await cli.out('tag', from, to);
    const id = await inspect(to, '{{.Id}}');
    const first = await cli.out('push', to);
    assert.match(first, /^[0-9a-f]{12}: Pushed$/m);
    // The same digest again, without compressing again.
    const second = await cli.out('push', to);
    assert.equal(first.split('digest: ')[1], second.split('digest: ')[1]);
    assert.doesNotMatch(second, /Compressing|Pushed/);
    await cli.out('rmi', '-f', id);
    await cli.out('pull', '-q', to);
    assert.equal(await inspect(to, '{{.Id}}'), id);
  });

  it('keeps the digests of an image that came out of an OCI archive, and then its layers but once', async (test) => {
    if (engine().kind === 'dockerd') return test.skip("Debian's dockerd reads no OCI layout");
    const repository = unique('archived');
    const recipe = { format: 'oci', compression: 'none', files: { o: repository } } as const;
    const pushed = await pushImage(registry, repository, recipe, 'v1');
    const archive = `${engine().directory}/${repository}.tar`;
    // A level of its own gives blobs that no registry here has seen.
    const level = ['--dest-compress-level', cli.name === 'docker' ? '5' : '7'];
    const compressed = ['--dest-compress', '--dest-compress-format', 'gzip', ...level];
    const source = `docker://${registry.address}/${repository}:v1`;
    await registry.skopeoCopy(source, `oci-archive:${archive}`, ...compressed);
    const original = JSON.parse(await outputOf('tar', ['-xOf', archive, 'index.json'])).manifests[0].digest;
    const manifest = JSON.parse(
      await outputOf('tar', ['-xOf', archive, `blobs/sha256/${original.slice(7)}`]),
    );
    const layers: string[] = manifest.layers.map((layer: { digest: string }) => layer.digest);
    assert.notDeepEqual(layers, pushed.layerDigests);
    const loaded = await cli.out('load', '-i', archive);
    assert.equal(loaded, `Loaded image ID: ${manifest.config.digest}`);

    const saved = `${engine().directory}/${repository}-saved.tar`;
    await cli.out('save', '-o', saved, manifest.config.digest);
    const index = JSON.parse(await outputOf('tar', ['-xOf', saved, 'index.json']));
    assert.equal(index.manifests[0].digest, original);

    const to = `${other.address}/${repository}:v1`;
    await cli.out('tag', manifest.config.digest, to);
    const blobs = `${engine().directory}/data/content/blobs/sha256`;
    const kept = (): number => layers.filter((digest) => fs.existsSync(`${blobs}/${digest.slice(7)}`)).length;
    assert.equal(kept(), 2);
    await cli.out('push', to);
    assert.equal(await digestIn(to), original);
    assert.equal(kept(), 0);
    await cli.out('rmi', '-f', manifest.config.digest);
  });

  it('-a pushes all tags', async () => {
    const repository = `${registry.address}/${unique('all')}`;
    for (const tag of ['one', 'two']) await cli.out('tag', 'busybox', `${repository}:${tag}`);
    const output = await cli.out('push', '--all-tags', repository);
    for (const tag of ['one', 'two']) {
      assert.match(output, new RegExp(`^${tag}: digest: sha256:`, 'm'));
      assert.match(await digestIn(`${repository}:${tag}`), /^sha256:/);
    }
  });

  it('refuses what is not there', async () => {
    const name = `${registry.address}/${unique('absent')}:v1`;
    const { code, stderr } = await cli.run(['push', name]);
    assert.equal(code, 1);
    assert.match(stderr, /An image does not exist locally with the tag: /);
    const digest = await cli.run(['push', `busybox@sha256:${'0'.repeat(64)}`]);
    assert.equal(digest.code, 1);
    assert.match(digest.stderr, /cannot push a digest reference/);
  });

  it('tells when nobody answers', async () => {
    const name = '127.0.0.1:1/nobody/there:v1';
    await cli.out('tag', 'busybox', name);
    const { code, stderr } = await cli.run(['push', name]);
    assert.equal(code, 1);
    assert.match(stderr, /connection refused/);
  });
});
