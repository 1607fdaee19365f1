import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import zlib from 'node:zlib';
import { baseRootfs } from '../../support/base-image.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { storeFiles } from './store-files.ts';

describeEngine('import', ({ cli, engine, unique }) => {
  const field = (image: string, template: string): Promise<string> =>
    cli.out('image', 'inspect', '--format', template, image);

  it('makes an image of a file, and prints its id', async () => {
    const name = `${unique('file')}:v1`;
    const id = await cli.out('import', await baseRootfs(), name);
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await field(name, '{{.Id}}'), id);
    assert.equal(await cli.out('run', '--rm', name, '/bin/echo', 'hello'), 'hello');
  });

  it('reads standard input', async () => {
    const name = `${unique('stdin')}:latest`;
    const { code, stdout, stderr } = await cli.run(['import', '-', name], {
      input: fs.readFileSync(await baseRootfs()),
    });
    assert.equal(code, 0, stderr);
    assert.equal(await field(name, '{{.Id}}'), stdout.trim());
    assert.equal(await field(name, '{{.Comment}}'), 'Imported from -');
  });

  it('reads a compressed tar', async () => {
    const file = path.join(engine().directory, unique('compressed'));
    fs.writeFileSync(file, zlib.gzipSync(fs.readFileSync(await baseRootfs())));
    const plain = await cli.out('import', await baseRootfs(), unique('plain'));
    const compressed = await cli.out('import', file, unique('gzip'));
    assert.equal(
      await field(compressed, '{{json .RootFS.Layers}}'),
      await field(plain, '{{json .RootFS.Layers}}'),
    );
  });

  it('without a name makes an image without a name', async () => {
    const id = await cli.out('import', await baseRootfs());
    assert.equal(await field(id, '{{len .RepoTags}}'), '0');
    assert.ok((await cli.out('images', '--filter', 'dangling=true', '-q', '--no-trunc')).includes(id));
    assert.equal(await cli.out('run', '--rm', id, '/bin/echo', 'by id'), 'by id');
  });

  it('--change sets what a container starts with', async () => {
    const name = unique('changed');
    const changes = [
      'CMD ["-c", "echo $GREETING from $(pwd) as $(id -u)"]',
      'ENTRYPOINT ["/bin/sh"]',
      'ENV GREETING="good morning" PATH=/sbin',
      'ENV PATH=$PATH:/bin',
      'WORKDIR /tmp',
      'USER alice',
      'EXPOSE 80 53/udp',
      'LABEL purpose=test',
      'VOLUME /data',
      'HEALTHCHECK --interval=1h CMD true',
      // Debian's dockerd does not know this one.
      ...(engine().kind === 'dockerd' ? [] : ['STOPSIGNAL SIGINT']),
    ].flatMap((change) => ['--change', change]);
    await cli.out('import', ...changes, await baseRootfs(), name);
    assert.equal(await cli.out('run', '--rm', name), 'good morning from /tmp as 1000');
    assert.deepEqual(JSON.parse(await field(name, '{{json .Config.ExposedPorts}}')), {
      '80/tcp': {},
      '53/udp': {},
    });
    assert.equal(await field(name, '{{.Config.Labels.purpose}}'), 'test');
    assert.equal(await field(name, '{{.Config.Healthcheck.Test}}'), '[CMD-SHELL true]');
    assert.equal(await field(name, '{{json .Config.Volumes}}'), '{"/data":{}}');
    if (engine().kind === 'dhow') assert.equal(await field(name, '{{.Config.StopSignal}}'), 'SIGINT');
  });

  it('-m is the comment of the image and of its history', async () => {
    const name = unique('message');
    await cli.out('import', '-m', 'made by hand', await baseRootfs(), name);
    assert.equal(await field(name, '{{.Comment}}'), 'made by hand');
    assert.equal(await cli.out('history', '--format', '{{.Comment}}', name), 'made by hand');
  });

  it('refuses what it cannot read, and leaves nothing behind', async () => {
    const bad = path.join(engine().directory, unique('bad'));
    fs.writeFileSync(bad, Buffer.alloc(10_000, 'no tar '));
    const cases: [args: string[], message: RegExp][] = [
      [['import', bad, unique('bad')], /tar/],
      [['import', '--change', 'FROM scratch', await baseRootfs(), unique('bad')], /FROM/i],
      [['import', '/no/such/file', unique('bad')], /no such file/],
      [['import', '--platform', 'windows/amd64', await baseRootfs(), unique('bad')], /operating system/],
      [['import', await baseRootfs(), 'Upper:v1'], /must be lowercase/],
    ];
    const stored = engine().kind === 'dhow' ? storeFiles(path.join(engine().directory, 'data')) : [];
    const ids = async (): Promise<string[]> => (await cli.out('images', '-aq')).split('\n').sort();
    const images = await ids();
    for (const [args, message] of cases) {
      const { code, stderr } = await cli.run(args);
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, message);
    }
    assert.deepEqual(await ids(), images);
    if (engine().kind === 'dhow') {
      assert.deepEqual(storeFiles(path.join(engine().directory, 'data')), stored);
    }
  });
});
