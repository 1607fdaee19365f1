import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

interface SavedManifest {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
}

async function manifestOf(archive: string): Promise<SavedManifest[]> {
  return JSON.parse(await outputOf('tar', ['-xOf', archive, 'manifest.json']));
}

describeEngine('save', ({ cli, engine, unique }) => {
  const fileFor = (name: string): string => path.join(engine().directory, name);
  const inspect = (image: string, format: string): Promise<string> =>
    cli.out('image', 'inspect', '--format', format, image);

  async function pull(files: Record<string, string>): Promise<string> {
    const repository = unique('saved');
    await pushImage(registry, repository, { format: 'docker', compression: 'gzip', files }, 'v1');
    const name = `${registry.address}/${repository}:v1`;
    await cli.out('pull', '-q', name);
    return name;
  }

  it('and load give the same image under the same names', async () => {
    const name = await pull({ greeting: 'hello' });
    const second = `${unique('second')}:tag`;
    await cli.out('tag', name, second);
    const id = await inspect(name, '{{.Id}}');
    const layers = await inspect(name, '{{json .RootFS.Layers}}');
    const file = fileFor(`${unique('both')}.tar`);
    await cli.out('save', '-o', file, name, second);
    const [saved, ...others] = await manifestOf(file);
    assert.deepEqual(others, []);
    assert.deepEqual([...(saved?.RepoTags ?? [])].sort(), [name, second].sort());

    await cli.out('rmi', name, second);
    const loaded = await cli.out('load', '-i', file);
    assert.deepEqual(loaded.split('\n').sort(), [name, second].map((tag) => `Loaded image: ${tag}`).sort());
    assert.equal(await inspect(second, '{{.Id}}'), id);
    assert.equal(await inspect(second, '{{json .RootFS.Layers}}'), layers);
    assert.equal(await cli.out('run', '--rm', second, 'cat', '/greeting'), 'hello');
    await cli.out('rmi', name, second);
  });

  it('of several images writes shared layers once', async () => {
    const [first, second] = [await pull({ one: '1' }), await pull({ two: '2' })];
    const file = fileFor(`${unique('shared')}.tar`);
    await cli.out('save', '--output', file, first, second);
    const manifests = await manifestOf(file);
    assert.equal(manifests.length, 2);
    assert.equal(manifests[0]?.Layers[0], manifests[1]?.Layers[0]);
    const names = (await outputOf('tar', ['-tf', file])).split('\n');
    assert.equal(new Set(names).size, names.length);
  });

  it('by id has no names, by a name without a tag all tags of the repository', async () => {
    const name = await pull({ by: 'id' });
    const id = await inspect(name, '{{.Id}}');
    const file = fileFor(`${unique('id')}.tar`);
    await cli.out('save', '-o', file, id.slice(7, 19));
    assert.equal((await manifestOf(file))[0]?.RepoTags ?? null, null);
    await cli.out('rmi', name);
    assert.equal(await cli.out('load', '-i', file), `Loaded image ID: ${id}`);

    const repository = unique('repository');
    await cli.out('tag', id, `${repository}:a`);
    await cli.out('tag', id, `${repository}:b`);
    await cli.out('save', '-o', file, repository);
    assert.deepEqual((await manifestOf(file))[0]?.RepoTags, [`${repository}:a`, `${repository}:b`]);
  });

  it('goes to standard output and is read from standard input', async () => {
    const name = await pull({ standard: 'output' });
    const file = fileFor(`${unique('stdout')}.tar`);
    const child = cli.start(['save', name]);
    const out = fs.createWriteStream(file);
    child.stdout.pipe(out);
    await new Promise((resolve) => out.once('close', resolve));
    await cli.out('rmi', name);
    const { code, stdout } = await cli.run(['load'], { input: fs.readFileSync(file) });
    assert.equal(code, 0);
    assert.equal(stdout, `Loaded image: ${name}\n`);
  });

  it('is read by skopeo as docker-archive', async () => {
    const name = await pull({ read: 'by skopeo' });
    const file = fileFor(`${unique('skopeo')}.tar`);
    await cli.out('save', '-o', file, name);
    const config = await outputOf('skopeo', ['inspect', '--config', '--raw', `docker-archive:${file}`]);
    assert.deepEqual(
      JSON.parse(config).rootfs.diff_ids,
      JSON.parse(await inspect(name, '{{json .RootFS.Layers}}')),
    );
    await registry.skopeoCopy(`docker-archive:${file}`, `dir:${fileFor(unique('dir'))}`);
  });

  it('is an OCI layout that skopeo reads and copies', async (test) => {
    if (engine().kind === 'dockerd') return test.skip("Debian's dockerd is from before");
    const name = await pull({ oci: 'layout' });
    const file = fileFor(`${unique('oci')}.tar`);
    await cli.out('save', '-o', file, name);
    const to = unique('from-layout');
    await registry.skopeoCopy(`oci-archive:${file}`, `docker://${registry.address}/${to}:v1`);
    await cli.out('pull', '-q', `${registry.address}/${to}:v1`);
    assert.equal(await inspect(`${registry.address}/${to}:v1`, '{{.Id}}'), await inspect(name, '{{.Id}}'));
  });

  it('refuses what is not there, and writes no file', async () => {
    const file = fileFor(`${unique('none')}.tar`);
    const { code, stderr } = await cli.run(['save', '-o', file, unique('missing')]);
    assert.equal(code, 1);
    assert.match(stderr, /Error response from daemon: (No such image|reference does not exist)/i);
    assert.equal(fs.existsSync(file), false);
  });

  it('does not write to a terminal', async () => {
    await using terminal = cli.terminal(['save', 'busybox']);
    assert.equal(await terminal.exit(), 1);
    assert.match(terminal.screen, /cowardly refusing to save to a terminal/);
  });
});
