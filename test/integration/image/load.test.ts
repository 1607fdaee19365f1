import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { hostArchitecture, type PushedImage, pushImage, pushIndex } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { storeFiles } from './store-files.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

describeEngine('load', ({ cli, engine, unique }) => {
  const fileOf = (name: string): string => path.join(engine().directory, name);
  const push = (repository: string, compression: 'gzip' | 'zstd' = 'gzip'): Promise<PushedImage> =>
    pushImage(registry, repository, { format: 'oci', compression, files: { greeting: repository } }, 'v1');
  const isOld = (): boolean => engine().kind === 'dockerd';

  it('takes an archive that skopeo wrote in Docker’s format, from a file and from standard input', async () => {
    const repository = unique('docker-archive');
    const pushed = await push(repository);
    const archive = fileOf(`${repository}.tar`);
    await registry.skopeoCopy(
      `docker://${registry.address}/${repository}:v1`,
      `docker-archive:${archive}:${repository}:loaded`,
    );
    assert.equal(await cli.out('load', '-i', archive), `Loaded image: ${repository}:loaded`);
    assert.equal(await cli.out('images', '-q', '--no-trunc', repository), pushed.configDigest);
    assert.equal(await cli.out('run', '--rm', `${repository}:loaded`, 'cat', '/greeting'), repository);

    await cli.out('rmi', `${repository}:loaded`);
    const { code, stdout } = await cli.run(['load'], { input: fs.readFileSync(archive) });
    assert.equal(code, 0);
    assert.equal(stdout, `Loaded image: ${repository}:loaded\n`);
    // What is there already is loaded again, with the same words.
    assert.equal(await cli.out('load', '-q', '-i', archive), `Loaded image: ${repository}:loaded`);
  });

  it('takes several images of one archive, one without a name, and a compressed archive', async () => {
    const [first, second] = [unique('several'), unique('several')];
    await push(first);
    const pushed = await push(second);
    const archive = fileOf(`${first}.tar`);
    const copy = (from: string, reference: string) =>
      registry.skopeoCopy(
        `docker://${registry.address}/${from}:v1`,
        `docker-archive:${archive}${reference}`,
        '--additional-tag',
        `${from}:other`,
      );
    await copy(first, `:${first}:v1`);
    await outputOf('gzip', [archive]);
    const lines = (await cli.out('load', '-i', `${archive}.gz`)).split('\n');
    assert.deepEqual(lines.sort(), [`Loaded image: ${first}:other`, `Loaded image: ${first}:v1`]);

    await registry.skopeoCopy(
      `docker://${registry.address}/${second}:v1`,
      `docker-archive:${fileOf(`${second}.tar`)}`,
    );
    assert.equal(
      await cli.out('load', '-i', fileOf(`${second}.tar`)),
      `Loaded image ID: ${pushed.configDigest}`,
    );
    assert.equal(await cli.out('run', '--rm', pushed.configDigest, 'cat', '/greeting'), second);
  });

  it('takes an OCI layout, with gzip and zstd layers', async () => {
    // Debian's dockerd is from before it could.
    if (isOld()) return;
    for (const compression of ['gzip', 'zstd'] as const) {
      const repository = unique(`oci-${compression}`);
      const pushed = await push(repository, compression);
      const archive = fileOf(`${repository}.tar`);
      await registry.skopeoCopy(
        `docker://${registry.address}/${repository}:v1`,
        `oci-archive:${archive}:${repository}:v1`,
      );
      assert.equal(await cli.out('load', '-i', archive), `Loaded image: ${repository}:v1`);
      assert.equal(await cli.out('images', '-q', '--no-trunc', repository), pushed.configDigest);
      assert.equal(await cli.out('run', '--rm', `${repository}:v1`, 'cat', '/greeting'), repository);
    }
  });

  it('takes this machine’s image of an OCI layout with several platforms', async () => {
    if (isOld()) return;
    const repository = unique('oci-index');
    const images = await Promise.all(
      ['s390x', hostArchitecture].map((architecture) =>
        pushImage(registry, repository, {
          format: 'oci',
          compression: 'gzip',
          architecture,
          files: { greeting: architecture },
        }),
      ),
    );
    await pushIndex(registry, repository, 'multi', 'oci', images);
    const archive = fileOf(`${repository}.tar`);
    await registry.skopeoCopy(
      `docker://${registry.address}/${repository}:multi`,
      `oci-archive:${archive}:${repository}:multi`,
      '--all',
    );
    await cli.out('load', '-i', archive);
    assert.equal(await cli.out('run', '--rm', `${repository}:multi`, 'cat', '/greeting'), hostArchitecture);
  });

  it('refuses a damaged archive, and leaves nothing behind', async () => {
    const repository = unique('damaged');
    await push(repository);
    const archive = fileOf(`${repository}.tar`);
    await registry.skopeoCopy(
      `docker://${registry.address}/${repository}:v1`,
      `docker-archive:${archive}:${repository}:v1`,
    );
    const intact = fs.readFileSync(archive);
    const changed = Buffer.from(intact);
    // Within the text of the layer with the greeting.
    const at = intact.lastIndexOf(repository.padEnd(100, '\0'));
    assert.ok(at > 0);
    changed.fill('x', at, at + 5);
    const stored = engine().kind === 'dhow' ? storeFiles(fileOf('data')) : [];
    const cases: [input: Buffer, message: RegExp][] = [
      [changed, /expected|invalid|mismatch/],
      [intact.subarray(0, 1_000_000), /unexpected EOF|end|cut/i],
      [Buffer.alloc(10_240), /image archive|manifest.json|EOF|repositories/],
      [Buffer.alloc(10_240, 'not a tar '), /tar/],
    ];
    for (const [input, message] of cases) {
      const { code, stderr } = await cli.run(['load'], { input });
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
    assert.equal(await cli.out('images', '-q', repository), '');
    if (engine().kind === 'dhow') assert.deepEqual(storeFiles(fileOf('data')), stored);
    const missing = await cli.run(['load', '-i', '/no/such/archive']);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /no such file/);
  });

  it('refuses documents that contradict each other, or name no tags', async (t) => {
    const name = unique('contradicts');
    const directory = fileOf(name);
    fs.mkdirSync(directory);
    await cli.out('tag', 'busybox', `${name}:v1`);
    t.after(() => cli.out('rmi', `${name}:v1`));
    await cli.out('save', '-o', `${directory}.tar`, `${name}:v1`);
    await outputOf('tar', ['-C', directory, '-xf', `${directory}.tar`]);
    fs.rmSync(path.join(directory, 'index.json'));
    const manifestFile = path.join(directory, 'manifest.json');
    const [manifest] = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
    const config = JSON.parse(fs.readFileSync(path.join(directory, manifest.Config), 'utf8'));
    const load = async (changed: object, changedConfig = config): Promise<string> => {
      fs.writeFileSync(manifestFile, JSON.stringify([{ ...manifest, ...changed }]));
      fs.writeFileSync(path.join(directory, manifest.Config), JSON.stringify(changedConfig));
      await outputOf('tar', ['-C', directory, '-cf', `${directory}.tar`, '.']);
      const { code, stderr } = await cli.run(['load', '-i', `${directory}.tar`]);
      assert.equal(code, 1);
      return stderr;
    };
    assert.match(
      await load({ RepoTags: [`${name}@sha256:${'0'.repeat(64)}`] }),
      /invalid tag|is a digest and no tag/,
    );
    assert.match(await load({ RepoTags: [`${name}:v2`, 'No Name'] }), /invalid reference format/);
    const diffIds = [`sha256:${'1'.repeat(64)}`];
    assert.match(
      await load(
        { RepoTags: [`${name}:v2`] },
        { ...config, rootfs: { ...config.rootfs, diff_ids: diffIds } },
      ),
      /invalid diffID for layer 0: expected "sha256:1+", got "sha256:/,
    );
    assert.match(
      await load({ RepoTags: [`${name}:v2`] }, { ...config, os: 'windows' }),
      /cannot (load windows image on linux|be used on this platform)/,
    );
    fs.rmSync(manifestFile);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const annotations = { 'io.containerd.image.name': `docker.io/library/${name}:v2` };
    const missing = { mediaType, digest: `sha256:${'2'.repeat(64)}`, size: 400, annotations };
    const index = JSON.stringify({ schemaVersion: 2, manifests: [missing] });
    fs.writeFileSync(path.join(directory, 'index.json'), index);
    await outputOf('tar', ['-C', directory, '-cf', `${directory}.tar`, '.']);
    const { code, stderr } = await cli.run(['load', '-i', `${directory}.tar`]);
    assert.equal(code, 1);
    assert.match(stderr, /sha256:2+ is not in it|manifest\.json/);
    assert.equal(await cli.out('images', '--format', '{{.Tag}}', name), 'v1');
  });
});
