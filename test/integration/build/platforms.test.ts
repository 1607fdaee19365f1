import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { pushImage, pushIndex } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { build, failedBuild, writeFiles } from './build-context.ts';
import { arm64Program } from './foreign-program.ts';

interface Manifest {
  mediaType: string;
  digest?: string;
  platform?: { os: string; architecture: string };
  annotations?: Record<string, string>;
  manifests?: Manifest[];
  config?: { digest: string };
}

/** Builds nothing that this machine cannot run: what is for others is copied there. */
const crossBuild = [
  'FROM --platform=$BUILDPLATFORM busybox AS tools',
  'RUN cat /proc/sys/kernel/random/uuid > /common',
  'FROM tools AS made',
  'ARG TARGETARCH',
  'RUN echo "for $TARGETARCH on $(uname -m)" > /made',
  'FROM scratch',
  'COPY --from=tools /common /common',
  'COPY --from=made /made /made',
  '',
].join('\n');

describe('builds for several platforms', () => {
  let daemon: Daemon;
  let registry: Registry;
  let dhow: Cli;
  before(async () => {
    registry = await startRegistry();
    daemon = await startDaemon();
    dhow = daemon.cli('dhow');
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  const context = (files: Record<string, string>): string =>
    writeFiles(fs.mkdtempSync(path.join(daemon.directory, 'context-')), files);
  const manifestOf = async (name: string): Promise<Manifest> =>
    JSON.parse(await outputOf('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`]));
  const platformsOf = (index: Manifest): string[] | undefined =>
    index.manifests?.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);

  it('an output directory has a directory for each, and what they have in common runs once', async () => {
    const target = path.join(daemon.directory, 'files');
    const directory = context({ Dockerfile: crossBuild });
    await build(dhow, ['--platform', 'linux/amd64,linux/arm64', '-o', target, directory]);
    const read = (file: string): string => fs.readFileSync(path.join(target, file), 'utf8');
    assert.match(read('linux_amd64/made'), /^for amd64 on/);
    assert.match(read('linux_arm64/made'), /^for arm64 on/);
    assert.equal(read('linux_amd64/common'), read('linux_arm64/common'));
    assert.doesNotMatch(await dhow.out('images', '-a'), /<none>/);
  });

  it('is pushed as an index, with annotations of the index and of manifests', async () => {
    const name = `${registry.address}/many:v1`;
    const metadata = path.join(daemon.directory, 'metadata.json');
    const args = ['--platform', 'linux/amd64,linux/arm64', '-t', name, '--push', '--metadata-file', metadata];
    const annotations = [
      ...['--annotation', 'index:of.index=1', '--annotation', 'of.all=2'],
      ...['--annotation', 'manifest[linux/arm64]:of.one=3'],
    ];
    await build(dhow, [...args, ...annotations, context({ Dockerfile: crossBuild })]);
    const index = await manifestOf(name);
    assert.deepEqual(platformsOf(index), ['linux/amd64', 'linux/arm64']);
    assert.deepEqual(index.annotations, { 'of.index': '1' });
    const [amd64, arm64] = await Promise.all(
      (index.manifests ?? []).map(({ digest }) => manifestOf(`${registry.address}/many@${digest}`)),
    );
    assert.deepEqual(amd64?.annotations, { 'of.all': '2' });
    assert.deepEqual(arm64?.annotations, { 'of.all': '2', 'of.one': '3' });
    const digest = await outputOf('skopeo', [
      'inspect',
      '--tls-verify=false',
      '--format',
      '{{.Digest}}',
      `docker://${name}`,
    ]);
    assert.deepEqual(JSON.parse(fs.readFileSync(metadata, 'utf8')), {
      'containerimage.digest': digest,
      'image.name': name,
    });
    // The name is that of the image for this machine; with it the others go, too.
    assert.equal(await dhow.out('image', 'inspect', '--format', '{{.Architecture}}', name), 'amd64');
    const listed = (...options: string[]): Promise<string> => dhow.out('images', ...options);
    assert.doesNotMatch(await listed(), /<none>/);
    assert.match(await listed('-a'), /<none>/);
    await dhow.out('image', 'prune', '-f');
    await dhow.out('push', name);
    assert.deepEqual(platformsOf(await manifestOf(name)), ['linux/amd64', 'linux/arm64']);
    await dhow.out('rmi', name);
    assert.doesNotMatch(await dhow.out('images', '-a'), /<none>/);
  });

  it('is saved as an OCI layout with an index', async () => {
    const file = path.join(daemon.directory, 'many.tar');
    const layout = path.join(daemon.directory, 'layout');
    await build(dhow, [
      ...['--platform', 'linux/amd64,linux/arm64', '-t', 'many:v2', '-o', `type=oci,dest=${file}`],
      context({ Dockerfile: crossBuild }),
    ]);
    fs.mkdirSync(layout);
    await outputOf('tar', ['-xf', file, '-C', layout]);
    const top = JSON.parse(fs.readFileSync(path.join(layout, 'index.json'), 'utf8')) as Manifest;
    assert.equal(top.manifests?.length, 1);
    const blob = path.join(layout, 'blobs/sha256', top.manifests?.[0]?.digest?.slice(7) ?? '');
    assert.deepEqual(platformsOf(JSON.parse(fs.readFileSync(blob, 'utf8'))), ['linux/amd64', 'linux/arm64']);
    const refused = await failedBuild(dhow, [
      ...['--platform', 'linux/amd64,linux/arm64', '-o', `type=docker,dest=${file}`],
      context({ Dockerfile: crossBuild }),
    ]);
    assert.match(refused.output, /type docker cannot hold several platforms/);
  });

  it('each image is reached by its platform', async () => {
    const name = `${registry.address}/each:v1`;
    await build(dhow, [
      '--platform',
      'linux/amd64,linux/arm64',
      '-t',
      name,
      context({ Dockerfile: crossBuild }),
    ]);
    const arm = ['--platform', 'linux/arm64'];
    const architecture = (...args: string[]): Promise<string> =>
      dhow.out('image', 'inspect', '--format', '{{.Architecture}}', ...args, name);
    assert.equal(await architecture(), 'amd64');
    assert.equal(await architecture(...arm), 'arm64');
    assert.match(await dhow.out('history', ...arm, name), /COPY --from=made/);
    await dhow.out('create', '--name', 'for-arm', ...arm, name, 'true');
    assert.equal(await dhow.out('cp', 'for-arm:/made', '-').then((tar) => /for arm64/.test(tar)), true);
    const used = await dhow.run(['rmi', ...arm, name]);
    assert.match(used.stderr, /a container uses/);
    await dhow.out('rm', 'for-arm');
    const file = path.join(daemon.directory, 'arm.tar');
    await dhow.out('save', ...arm, '-o', file, name);
    assert.match(await outputOf('tar', ['-xOf', file, 'index.json']), /"architecture":"arm64"/);
    await dhow.out('push', ...arm, name);
    assert.equal((await manifestOf(name)).manifests, undefined);
    const main = await dhow.run(['rmi', '--platform', 'linux/amd64', name]);
    assert.match(main.stderr, /points at the image for linux\/amd64/);
    await dhow.out('rmi', ...arm, name);
    assert.notEqual((await dhow.run(['image', 'inspect', ...arm, name])).code, 0);
    assert.equal(await architecture(), 'amd64');
    await dhow.out('rmi', name);
  });

  it('commands for another processor run where the kernel knows how, and say what is missing elsewhere', async () => {
    const directory = context({ Dockerfile: 'FROM scratch\nCOPY program /program\nRUN ["/program"]\n' });
    fs.writeFileSync(path.join(directory, 'program'), arm64Program('ran for arm64\n'), { mode: 0o755 });
    const args = ['--no-cache', '--platform', 'linux/arm64', directory];
    if (process.arch === 'arm64' || fs.existsSync('/proc/sys/fs/binfmt_misc/qemu-aarch64')) {
      assert.match(await build(dhow, args), /ran for arm64/);
      return;
    }
    const { output } = await failedBuild(dhow, args);
    assert.match(output, /The stage is for linux\/arm64, .*qemu-user-static/);
  });

  it('a base for another machine does not take the name of the one for this, and is found again', async () => {
    const base = `${registry.address}/base:v1`;
    const recipe = { format: 'oci', compression: 'gzip' } as const;
    const bases = await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        pushImage(registry, 'base', { ...recipe, architecture, files: { arch: architecture } }),
      ),
    );
    await pushIndex(registry, 'base', 'v1', 'oci', bases);
    const directory = context({ Dockerfile: `FROM ${base}\nCOPY f /f\n`, f: '' });
    const target = path.join(daemon.directory, 'based');
    await build(dhow, ['--platform', 'linux/arm64,linux/amd64', '-o', target, directory]);
    assert.equal(fs.readFileSync(path.join(target, 'linux_arm64/arch'), 'utf8'), 'arm64');
    assert.equal(fs.readFileSync(path.join(target, 'linux_amd64/arch'), 'utf8'), 'amd64');
    await dhow.out('pull', base);
    await build(dhow, ['--platform', 'linux/arm64', '-o', target, directory]);
    assert.equal(await dhow.out('image', 'inspect', '--format', '{{.Architecture}}', base), 'amd64');
    const asked = registry.log().split('\n').length;
    await build(dhow, ['--platform', 'linux/arm64', '-o', target, directory]);
    assert.equal(registry.log().split('\n').length, asked);
  });
});
