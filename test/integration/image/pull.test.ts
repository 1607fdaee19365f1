import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { hostArchitecture, pushImage, pushIndex } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { startRegistryGate } from '../../support/registry-gate.ts';
import { waitFor } from '../../support/wait-for.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

const otherArchitecture = hostArchitecture === 'arm64' ? 'amd64' : 'arm64';

describeEngine('pull', ({ cli, engine, unique }) => {
  const greetingOf = (image: string): Promise<string> => cli.out('run', '--rm', image, 'cat', '/greeting');

  it('brings a Docker schema 2 image, and says which layer does what', async () => {
    const repository = unique('docker');
    const pushed = await pushImage(
      registry,
      repository,
      { format: 'docker', compression: 'gzip', files: { greeting: repository } },
      'v1',
    );
    const name = `${registry.address}/${repository}:v1`;
    const lines = (await cli.out('pull', name)).split('\n');
    const layer = shortId(pushed.layerDigests[1]);
    assert.equal(lines[0], `v1: Pulling from ${repository}`);
    assert.deepEqual(
      lines.filter((line) => line.startsWith(layer)),
      ['Pulling fs layer', 'Verifying Checksum', 'Download complete', 'Pull complete'].map(
        (step) => `${layer}: ${step}`,
      ),
    );
    assert.deepEqual(lines.slice(-3), [
      `Digest: ${pushed.digest}`,
      `Status: Downloaded newer image for ${name}`,
      name,
    ]);
    assert.equal(await greetingOf(name), repository);
    assert.equal(await cli.out('images', '-q', '--no-trunc', name), pushed.configDigest);
    assert.equal(
      await cli.out('image', 'inspect', '--format', '{{json .RepoDigests}}', name),
      JSON.stringify([`${registry.address}/${repository}@${pushed.digest}`]),
    );
  });

  it('brings what skopeo made of it: OCI, and Docker’s format', async () => {
    for (const format of ['oci', 'v2s2']) {
      const [from, to] = [unique('source'), unique(format)];
      const recipe = { compression: 'gzip', files: { greeting: to } } as const;
      await pushImage(registry, from, { ...recipe, format: format === 'oci' ? 'docker' : 'oci' }, 'v1');
      const target = `docker://${registry.address}/${to}:v1`;
      await registry.skopeoCopy(`docker://${registry.address}/${from}:v1`, target, '--format', format);
      await cli.out('pull', `${registry.address}/${to}:v1`);
      assert.equal(await greetingOf(`${registry.address}/${to}:v1`), to);
    }
  });

  it('unpacks layers that are not compressed, and with zstd where the engine knows it', async () => {
    for (const compression of ['none', 'zstd'] as const) {
      // Debian's dockerd is from before zstd.
      if (compression === 'zstd' && engine().kind === 'dockerd') continue;
      const repository = unique(compression);
      await pushImage(
        registry,
        repository,
        { format: 'oci', compression, files: { greeting: repository } },
        'v1',
      );
      await cli.out('pull', '-q', `${registry.address}/${repository}:v1`);
      assert.equal(await greetingOf(`${registry.address}/${repository}:v1`), repository);
    }
  });

  it('-q prints the name alone; a missing tag is `latest`', async () => {
    const repository = unique('quiet');
    await pushImage(
      registry,
      repository,
      { format: 'oci', compression: 'gzip', files: { greeting: repository } },
      'latest',
    );
    const name = `${registry.address}/${repository}`;
    assert.equal(await cli.out('pull', '--quiet', name), `${name}:latest`);
    assert.match(await cli.out('pull', name), /^Using default tag: latest\nlatest: Pulling from /);
  });

  it('says when the image is up to date, and follows a tag that has moved', async () => {
    const repository = unique('moving');
    const name = `${registry.address}/${repository}:v1`;
    const push = (greeting: string) =>
      pushImage(registry, repository, { format: 'oci', compression: 'gzip', files: { greeting } }, 'v1');
    const first = await push('first');
    await cli.out('pull', name);
    assert.deepEqual((await cli.out('pull', name)).split('\n'), [
      `v1: Pulling from ${repository}`,
      `Digest: ${first.digest}`,
      `Status: Image is up to date for ${name}`,
      name,
    ]);
    await push('second');
    assert.match(await cli.out('pull', name), /Status: Downloaded newer image/);
    assert.equal(await greetingOf(name), 'second');
    assert.equal(await greetingOf(first.configDigest), 'first');
  });

  it('by digest brings exactly that one, without a tag', async () => {
    const repository = unique('digest');
    const push = (greeting: string) =>
      pushImage(registry, repository, { format: 'oci', compression: 'gzip', files: { greeting } }, 'v1');
    const old = await push('old');
    await push('new');
    const name = `${registry.address}/${repository}@${old.digest}`;
    const output = await cli.out('pull', name);
    assert.ok(output.startsWith(`${name}: Pulling from ${repository}\n`), output);
    assert.ok(output.endsWith(`Status: Downloaded newer image for ${name}\n${name}`), output);
    assert.equal(await greetingOf(name), 'old');
    assert.equal(await cli.out('image', 'inspect', '--format', '{{json .RepoTags}}', name), '[]');
    assert.equal(
      await cli.out('images', '--format', '{{.Repository}} {{.Tag}}', `${registry.address}/${repository}`),
      `${registry.address}/${repository} <none>`,
    );
  });

  it('takes this machine’s image of an index, or the one of --platform', async () => {
    const repository = unique('index');
    const name = `${registry.address}/${repository}:multi`;
    const push = (architecture: string) =>
      pushImage(registry, repository, {
        format: 'oci',
        compression: 'gzip',
        architecture,
        files: { greeting: architecture },
      });
    const images = [await push(otherArchitecture), await push(hostArchitecture)];
    const digest = await pushIndex(registry, repository, 'multi', 'oci', images);

    assert.ok((await cli.out('pull', name)).includes(`Digest: ${digest}`));
    assert.equal(await cli.out('image', 'inspect', '--format', '{{.Architecture}}', name), hostArchitecture);
    assert.equal(await greetingOf(name), hostArchitecture);

    await cli.out('pull', '--platform', `linux/${otherArchitecture}`, name);
    assert.equal(await cli.out('image', 'inspect', '--format', '{{.Architecture}}', name), otherArchitecture);

    const absent = await cli.run(['pull', '--platform', 'linux/s390x', name]);
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /no matching manifest for linux\/s390x in the manifest list entries/);
    const malformed = await cli.run(['pull', '--platform', 'linux/a/b/c', name]);
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /linux\/a\/b\/c/);
    // Neither attempt took the name from the image that had it.
    assert.equal(await cli.out('image', 'inspect', '--format', '{{.Architecture}}', name), otherArchitecture);
  });

  it('takes this machine’s image of a Docker manifest list', async () => {
    const repository = unique('list');
    const image = await pushImage(registry, repository, {
      format: 'docker',
      compression: 'gzip',
      files: { greeting: repository },
    });
    await pushIndex(registry, repository, 'multi', 'docker', [image]);
    await cli.out('pull', '-q', `${registry.address}/${repository}:multi`);
    assert.equal(await greetingOf(`${registry.address}/${repository}:multi`), repository);
  });

  it('names what the registry does not have', async () => {
    const repository = unique('known');
    await pushImage(registry, repository, { format: 'oci', compression: 'gzip' }, 'v1');
    const noDigest = `sha256:${'0'.repeat(64)}`;
    const cases = [`${repository}:nope`, `${unique('unknown')}:v1`, `${repository}@${noDigest}`];
    for (const rest of cases) {
      const name = `${registry.address}/${rest}`;
      const { code, stdout, stderr } = await cli.run(['pull', name]);
      assert.deepEqual(
        { code, stdout, stderr },
        {
          code: 1,
          stdout: '',
          stderr: `Error response from daemon: manifest for ${name} not found: manifest unknown: manifest unknown\n`,
        },
      );
    }
  });

  it('names a registry that cannot be reached, and a name that none can be', async () => {
    const unreachable = await cli.run(['pull', '127.0.0.1:1/image:v1']);
    assert.equal(unreachable.code, 1);
    assert.match(unreachable.stderr, /127\.0\.0\.1:1\/v2\/.*connection refused/);
    const malformed = await cli.run(['pull', 'UPPER:v1']);
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /invalid reference format: repository name .*must be lowercase/);
  });

  it('shows a bar for each layer on a terminal', async () => {
    const repository = unique('bars');
    const pushed = await pushImage(
      registry,
      repository,
      { format: 'oci', compression: 'none', files: { greeting: repository.padEnd(3_000_000, '.') } },
      'v1',
    );
    await using gate = await startRegistryGate(registry);
    gate.hold(pushed.layerDigests[1] ?? '', 1_500_000);
    await using terminal = cli.terminal(['pull', `${gate.address}/${repository}:v1`]);
    // Docker draws bars on wide terminals only.
    terminal.resize(120, 24);
    const layer = shortId(pushed.layerDigests[1]);
    await terminal.expect(/v1: Pulling from/);
    await terminal.expect(new RegExp(`${layer}: Downloading\\s+\\[=*>\\s*\\]\\s+[\\d.]+[kM]?B/3\\.\\d+MB`));
    await waitFor('the download to be stopped', () => gate.held === 1);
    gate.open();
    await terminal.expect(new RegExp(`${layer}: Pull complete`));
    await terminal.expect(/Status: Downloaded newer image/);
    assert.equal(await terminal.exit(), 0);
  });
});

function shortId(digest: string | undefined): string {
  return (digest ?? '').replace('sha256:', '').slice(0, 12);
}
