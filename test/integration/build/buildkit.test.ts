import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type BuildkitClient, connectBuildkit, type Offer } from '../../support/buildkit-client.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

/** buildx itself builds on Dhow in test/reference/buildx.ts; these are the same calls, without a program from elsewhere. */
describe('BuildKit’s API', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  async function connect(
    files: Record<string, string>,
    secrets: Offer['secrets'] = {},
  ): Promise<BuildkitClient> {
    const directory = fs.mkdtempSync(path.join(daemon.directory, 'context-'));
    for (const [name, content] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
      fs.writeFileSync(path.join(directory, name), content);
    }
    return connectBuildkit(daemon.socket, {
      directories: { context: directory, dockerfile: directory },
      secrets,
    });
  }
  const named = (name: string) => [{ type: 'moby', attributes: new Map([['name', name]]) }];
  const inspect = (image: string, format: string): Promise<string> =>
    daemon.cli('docker').out('image', 'inspect', '--format', format, image);

  for (const driven of [false, true]) {
    it(`builds ${driven ? 'step by step, as buildx asks for it' : 'by one call'}`, async () => {
      const name = `built-${driven}`;
      using client = await connect({
        Dockerfile:
          'FROM busybox\nARG WORD\nCOPY dir /dir\nRUN echo "says $WORD" && cat /dir/file\nCMD ["cat", "/dir/file"]\n',
        'dir/file': 'content of the context\n',
      });
      const { response, updates, output } = await client.build(
        {
          frontendAttributes: new Map([
            ['build-arg:WORD', name],
            ['label:l', 'v'],
          ]),
          exporters: named(name),
        },
        { driven },
      );
      assert.equal(output, `says ${name}\ncontent of the context\n`);
      assert.equal(response.get('containerimage.config.digest'), await inspect(name, '{{.Id}}'));
      assert.equal(response.get('image.name'), `${name}:latest`);
      assert.equal(await inspect(name, '{{.Config.Labels.l}}'), 'v');
      assert.equal(await daemon.cli('docker').out('run', '--rm', name), 'content of the context');
      const vertices = updates.flatMap((update) => update.vertexes);
      const ended = vertices.filter(({ completed }) => completed).map((vertex) => vertex.name);
      assert.ok(ended.some((title) => title.includes('COPY dir /dir')));
      assert.ok(ended.includes('exporting to image'));
      assert.deepEqual(
        vertices.filter(({ error }) => error !== ''),
        [],
      );
    });

    it(`fails as the build does, and has nothing left (${driven ? 'driven' : 'by one call'})`, async () => {
      using client = await connect({ Dockerfile: 'FROM busybox\nRUN echo so; exit 7\n' });
      await assert.rejects(
        client.build({ exporters: named('never') }, { driven }),
        /Dockerfile:2|non-zero code: 7/,
      );
      assert.equal((await daemon.cli('docker').run(['image', 'inspect', 'never'])).code, 1);
    });
  }

  it('asks for secrets when they are needed', async () => {
    using client = await connect(
      {
        Dockerfile:
          'FROM busybox\nRUN --mount=type=secret,id=known cat /run/secrets/known\nRUN --mount=type=secret,id=other test ! -e /run/secrets/other\n',
      },
      { known: 'hush' },
    );
    const { output } = await client.build({ exporters: named('secretive') }, { driven: true });
    assert.equal(output, 'hush');
  });

  it('keeps no image whose files alone were wanted of, unless it was there before', async () => {
    using client = await connect({ Dockerfile: 'FROM busybox\nRUN touch /made\n' });
    await client.build({ exporters: [] }, { driven: false });
    const images = (): Promise<string> =>
      daemon.cli('docker').out('images', '-aq', '--filter', 'dangling=true');
    assert.equal(await images(), '');
    await client.build({ exporters: named('kept') }, { driven: false });
    await client.build({ exporters: [] }, { driven: false });
    assert.equal(await inspect('kept', '{{index .RepoTags 0}}'), 'kept:latest');
  });

  it('ends the command of a build whose client goes away', async () => {
    const client = await connect({ Dockerfile: 'FROM busybox\nRUN echo begun; sleep 4711\n' });
    const isRunning = (): boolean =>
      fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .some((pid) => {
          try {
            return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\x004711\0';
          } catch {
            return false;
          }
        });
    const building = client.build({ exporters: named('never') }, { driven: false });
    building.catch(() => {});
    await waitFor('the command to run', isRunning);
    client[Symbol.dispose]();
    await assert.rejects(building);
    await waitFor('the command to end', () => !isRunning());
  });

  it('refuses what it cannot do, before anything is built', async () => {
    using client = await connect({ Dockerfile: 'FROM busybox\n' });
    const build = (request: Parameters<BuildkitClient['build']>[0]) =>
      client.build(request, { driven: false });
    await assert.rejects(build({ exporters: [{ type: 'other', attributes: new Map() }] }), {
      kind: 'Unsupported',
      message: /outputs of type "other"/,
    });
    await assert.rejects(build({ frontendAttributes: new Map([['attest:sbom', '']]) }), {
      kind: 'Unsupported',
      message: /"attest:sbom"/,
    });
    await assert.rejects(build({ frontendAttributes: new Map([['filename', 'none']]) }), {
      kind: 'NotFound',
      message: /open none: no such file/,
    });
  });
});
