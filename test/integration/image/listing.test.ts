import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { type PushedImage, pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

interface Summary {
  Size: number;
  SharedSize: number;
}

describeEngine('images, history, inspect and tag', ({ cli, engine, unique }) => {
  let repository = '';
  let name = '';
  let image: PushedImage;
  const get = (path: string): Promise<string> =>
    outputOf('curl', ['-s', '--unix-socket', engine().socket, `http://d/${path}`]);

  before(async () => {
    const path = unique('listed');
    repository = `${registry.address}/${path}`;
    name = `${repository}:v1`;
    image = await pushImage(
      registry,
      path,
      {
        format: 'oci',
        compression: 'gzip',
        files: { greeting: path },
        config: { Labels: { path }, Env: ['PATH=/bin', 'COLOUR=green'], WorkingDir: '/tmp', User: 'alice' },
      },
      'v1',
    );
    await cli.out('pull', '-q', name);
  });

  it('images --tree shows the images that a name stands for', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('this version of dockerd knows of no platforms');
    const several = unique('several');
    const context = `${engine().directory}/${several}`;
    fs.mkdirSync(context);
    fs.writeFileSync(`${context}/Dockerfile`, `FROM scratch\nLABEL made=by-${several}\nCMD ["/none"]\n`);
    const build = ['build', '-q', '--platform', 'linux/amd64,linux/arm64', '-t', several, context];
    await engine()
      .cli('dhow')
      .out(...build);
    const container = unique('user');
    await cli.out('create', '--platform', 'linux/arm64', '--name', container, several);
    // Docker's own is coloured, and pads by the bytes of the lines of the tree.
    const shown = stripVTControlCharacters(await cli.out('images', '--tree', several))
      .split('\n')
      .slice(-4)
      .map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(
      shown.map(([name, , , , extra]) => [name, extra]),
      [
        ['IMAGE', 'EXTRA'],
        [`${several}:latest`, 'U'],
        ['├─ linux/amd64', undefined],
        ['└─ linux/arm64', 'U'],
      ],
    );
    assert.equal(shown[1]?.[1], shown[2]?.[1], 'the id of the one that the name points at');
    const id = await cli.out('inspect', '-f', '{{.Image}}', container);
    assert.equal(shown[3]?.[1], id.slice('sha256:'.length).slice(0, 12));
    const refused = await cli.run(['images', '--tree', '--quiet']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /--quiet is not yet supported with --tree/);
    await cli.out('rm', container);
    await cli.out('rmi', several);
  });

  it('images shows one row for each name', async () => {
    const other = unique('row');
    await cli.out('tag', name, `${other}:a`);
    await cli.out('tag', name, `${other}:b`);
    const format = '{{.Repository}} {{.Tag}} {{.ID}} {{.CreatedSince}} {{.Size}}';
    const short = image.configDigest.slice(7, 19);
    const rows = (await cli.out('images', '--format', format))
      .split('\n')
      .filter((row) => row.includes(short));
    assert.deepEqual(
      rows.map((row) => row.replace(/ \d+ months? ago /, ' … ')).sort(),
      [`${repository} v1`, `${other} a`, `${other} b`].map((left) => `${left} ${short} … 1.98MB`).sort(),
    );
    assert.equal(await cli.out('images', '-q', other), `${short}\n${short}`);
    assert.equal(await cli.out('images', '-q', `${other}:a`), short);
    assert.match(
      await cli.out('images', repository),
      /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n\S+ +v1 +[0-9a-f]{12} +\d+ months ago +1\.98MB$/,
    );
    await cli.out('rmi', `${other}:a`, `${other}:b`);
  });

  it('images --digests shows what the registry calls the image', async () => {
    assert.equal(
      await cli.out('images', '--digests', '--no-trunc', '--format', '{{.Digest}} {{.ID}}', repository),
      `${image.digest} ${image.configDigest}`,
    );
  });

  it('images --filter takes labels, references, and images before and since', async () => {
    const path = repository.split('/')[1] ?? '';
    const ids = async (...filters: string[]): Promise<string> =>
      cli.out('images', '-q', '--no-trunc', ...filters.flatMap((filter) => ['--filter', filter]));
    assert.equal(await ids(`label=path=${path}`), image.configDigest);
    assert.equal(await ids('label=path=nope'), '');
    assert.equal(await ids(`reference=${repository}`), image.configDigest);
    assert.equal(await ids(`reference=${registry.address}/*:v*`, `label=path=${path}`), image.configDigest);
    // By the time of creation, which the image of the registry has from long ago.
    assert.ok((await ids('before=busybox')).includes(image.configDigest));
    assert.ok(!(await ids('since=busybox')).includes(image.configDigest));
    assert.equal(
      await ids(`reference=${registry.address}/[^!]*:v[0-9]`, `label=path=${path}`),
      image.configDigest,
    );
    const malformed = await cli.run(['images', '--filter', 'reference=[a']);
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /syntax error in pattern/);
    const unknown = await cli.run(['images', '--filter', 'colour=green']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /invalid filter 'colour'/i);
  });

  it('images --filter dangling leaves out neither way what has a digest and no tag', async () => {
    const path = unique('digest-only');
    const files = { greeting: path };
    const { digest, configDigest } = await pushImage(
      registry,
      path,
      { format: 'oci', compression: 'gzip', files },
      'v1',
    );
    const byDigest = `${registry.address}/${path}@${digest}`;
    await cli.out('pull', '-q', byDigest);
    for (const dangling of ['true', 'false']) {
      const ids = await cli.out('images', '-q', '--no-trunc', '--filter', `dangling=${dangling}`);
      assert.ok(ids.includes(configDigest), `dangling=${dangling}`);
    }
    await cli.out('rmi', byDigest);
  });

  it('GET /images/json tells what images share when it is asked', async () => {
    const child = unique('child');
    await cli.out('run', '--name', child, 'busybox', 'sh', '-c', 'echo more > /more');
    await cli.out('commit', child, child);
    await cli.out('rm', child);
    const list = async (query: string): Promise<Summary[]> => {
      const filters = encodeURIComponent(JSON.stringify({ reference: [child] }));
      return JSON.parse(await get(`images/json?filters=${filters}${query}`));
    };
    const base = Number(await cli.out('inspect', '--format', '{{.Size}}', 'busybox'));
    const [summary] = await list('&shared-size=1');
    assert.deepEqual([summary?.SharedSize, summary?.Size], [base, base + 'more\n'.length]);
    assert.equal((await list(''))[0]?.SharedSize, -1);
    await cli.out('rmi', child);
  });

  it('GET /images/{name}/json lists manifests, or takes a platform', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('this version of dockerd knows neither');
    const inspected = JSON.parse(await get(`images/${name}/json?manifests=1`));
    assert.deepEqual(
      inspected.Manifests.map(({ Descriptor }: { Descriptor: { digest: string } }) => Descriptor.digest),
      [image.digest],
    );
    const platform = encodeURIComponent('{"os":"linux","architecture":"amd64"}');
    assert.match(
      await get(`images/${name}/json?manifests=1&platform=${platform}`),
      /manifests and platform options cannot both be set/,
    );
  });

  it('tag moves a name from one image to another', async () => {
    const target = `${unique('moved')}:v1`;
    await cli.out('tag', name, target);
    assert.equal(await cli.out('images', '-q', '--no-trunc', target), image.configDigest);
    await cli.out('tag', 'busybox', target);
    assert.equal(
      await cli.out('images', '-q', '--no-trunc', target),
      await cli.out('images', '-q', '--no-trunc', 'busybox:latest'),
    );
    await cli.out('tag', image.configDigest.slice(7, 20), target);
    assert.equal(await cli.out('images', '-q', '--no-trunc', target), image.configDigest);
    await cli.out('rmi', target);
  });

  it('inspect tells when an image was tagged last', async () => {
    const time = async () =>
      Date.parse(
        await cli
          .out('image', 'inspect', '--format', '{{json .Metadata.LastTagTime}}', 'busybox')
          .then(JSON.parse),
      );
    const before = await time();
    await cli.out('tag', 'busybox', 'tagged-later');
    assert.ok((await time()) > before);
    await cli.out('rmi', 'tagged-later');
    assert.equal(await time(), before);
  });

  it('tag refuses unknown sources and targets that are no names', async () => {
    const cases: [source: string, target: string, message: RegExp][] = [
      ['no-such-image:v1', 'target', /^Error response from daemon: No such image: no-such-image:v1\n$/],
      [name, `target@sha256:${'0'.repeat(64)}`, /refusing to create a tag with a digest reference/],
      [name, 'Target', /must be lowercase/],
      [name, 'target:.', /invalid reference format/],
    ];
    for (const [source, target, message] of cases) {
      const { code, stderr } = await cli.run(['tag', source, target]);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });

  it('history shows the steps, newest first', async () => {
    assert.equal(
      await cli.out('history', '--no-trunc', '--format', '{{.ID}} {{.CreatedBy}} {{.Size}}', name),
      `${image.configDigest} layer 1 ${repository.split('/')[1]?.length}B\n<missing> layer 0 1.98MB`,
    );
    assert.equal(await cli.out('history', '-q', name), `${image.configDigest.slice(7, 19)}\n<missing>`);
    assert.match(
      await cli.out('history', name),
      /^IMAGE +CREATED +CREATED BY +SIZE +COMMENT\n[0-9a-f]{12} +\d+ months ago +layer 1 +\d+B *\n<missing> +\d+ months ago +layer 0 +1\.98MB *$/,
    );
    const unknown = await cli.run(['history', 'no-such-image']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /No such image: no-such-image:latest/);
  });

  it('inspect shows what the image says, by name, id and --type', async () => {
    const [inspected] = JSON.parse(await cli.out('image', 'inspect', name));
    assert.equal(inspected.Id, image.configDigest);
    assert.deepEqual(inspected.RepoTags, [name]);
    assert.deepEqual(inspected.RepoDigests, [`${repository}@${image.digest}`]);
    assert.equal(inspected.Created, '2026-01-01T00:00:00Z');
    assert.equal(inspected.Os, 'linux');
    assert.equal(inspected.Architecture, image.platform.architecture);
    assert.deepEqual(inspected.Config.Cmd, ['sh']);
    assert.deepEqual(inspected.Config.Env, ['PATH=/bin', 'COLOUR=green']);
    assert.equal(inspected.Config.WorkingDir, '/tmp');
    assert.equal(inspected.Config.User, 'alice');
    assert.deepEqual(inspected.RootFS, { Type: 'layers', Layers: image.diffIds });
    for (const other of [image.configDigest, image.configDigest.slice(7, 19)]) {
      assert.deepEqual(JSON.parse(await cli.out('image', 'inspect', other)), [inspected]);
    }
    assert.equal(
      await cli.out('inspect', '--type', 'image', '--format', '{{.Id}} {{len .RootFS.Layers}}', name),
      `${image.configDigest} 2`,
    );
    const both = await cli.run(['image', 'inspect', '--format', '{{.Id}}', name, 'no-such-image']);
    assert.equal(both.code, 1);
    assert.equal(both.stdout.trim(), image.configDigest);
    assert.match(both.stderr, /No such image: no-such-image/);
  });

  it('inspect --type image does not find containers', async () => {
    const container = unique('container');
    await cli.out('create', '--name', container, 'busybox');
    const { code, stderr } = await cli.run(['inspect', '--type', 'image', container]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`No such image: ${container}`));
    await cli.out('rm', container);
  });
});
