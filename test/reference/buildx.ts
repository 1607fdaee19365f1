import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeFiles } from '../integration/build/build-context.ts';
import { installBuildx } from '../support/buildx.ts';
import type { CommandResult } from '../support/command.ts';
import { outputOf, runCommand } from '../support/command.ts';
import { startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { waitFor } from '../support/wait-for.ts';

/** The real buildx builds on Dhow; with DHOW_TEST_TARGET=dockerd on the reference, whose BuildKit it was made for. */
const onDockerd = process.env['DHOW_TEST_TARGET'] === 'dockerd';

describe('docker build with buildx', () => {
  let engine: Engine;
  let registry: Registry;
  let environment: Record<string, string>;
  before(async () => {
    registry = await startRegistry();
    engine = await (onDockerd ? startDockerd() : startDaemon());
    await importBase(engine);
    await installBuildx(path.join(engine.directory, 'config'));
    environment = {
      DOCKER_HOST: engine.host,
      DOCKER_CONFIG: path.join(engine.directory, 'config'),
      BUILDKIT_PROGRESS: 'plain',
    };
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  const context = (files: Record<string, string>): string => {
    const directory = fs.mkdtempSync(path.join(engine.directory, 'context-'));
    writeFiles(directory, files);
    return directory;
  };
  const docker = (
    args: string[],
    extra: { input?: string | Buffer; environment?: object } = {},
  ): Promise<CommandResult> =>
    runCommand('docker', args, {
      ...(extra.input === undefined ? {} : { input: extra.input }),
      environment: { ...environment, ...extra.environment },
      timeoutMs: 120_000,
    });
  const succeed = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await docker(args);
    assert.equal(code, 0, stderr);
    return stdout + stderr;
  };

  it('builds, and rebuilds from the cache', async () => {
    const directory = context({
      Dockerfile: 'FROM busybox\nWORKDIR /w\nCOPY . .\nRUN ls -R > list\nCMD ["cat", "list"]\n',
      'dir/file': 'x',
      left: 'out',
      '.dockerignore': 'left\n',
    });
    const first = await succeed('build', '-t', 'built', '--label', 'a=b', directory);
    assert.match(first, /\[3\/\d\] COPY \. \./);
    const list = await succeed('run', '--rm', 'built');
    assert.match(list, /file/);
    assert.doesNotMatch(list, /left/);
    assert.match(await succeed('build', '-t', 'built', directory), /CACHED/);
    assert.equal(
      (await succeed('image', 'inspect', '-f', '{{.Config.Labels.a}}', 'built')).trim(),
      '<no value>',
    );
  });

  it('says what failed, and where', async () => {
    const failed = await docker(['build', context({ Dockerfile: 'FROM busybox\nRUN echo so; exit 7\n' })]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /exit(?:ed with| code: |.*non-zero code: )\s*7/);
    const mistaken = await docker(['build', context({ Dockerfile: 'FROM busybox\nRNU x\n' })]);
    assert.match(mistaken.stderr, /Dockerfile:2|line 2/);
    assert.match(mistaken.stderr, /RNU/);
  });

  it('takes a Dockerfile or an archive from its standard input', async () => {
    const directory = context({ file: 'content' });
    const input = 'FROM busybox\nCOPY file /file\n';
    assert.equal((await docker(['build', '-t', 'from-stdin', '-f', '-', directory], { input })).code, 0);
    assert.equal(await succeed('run', '--rm', 'from-stdin', 'cat', '/file'), 'content');
    writeFiles(directory, { Dockerfile: 'FROM busybox\nCOPY file /archived\n' });
    const archive = await runCommand('sh', ['-c', `tar c -C ${directory} . | docker build -t archived -`], {
      environment,
    });
    assert.equal(archive.code, 0, archive.stderr);
    assert.equal(await succeed('run', '--rm', 'archived', 'cat', '/archived'), 'content');
  });

  it('hands secrets, an agent, arguments, hosts and limits to commands', async () => {
    const directory = context({
      Dockerfile:
        'FROM busybox\nARG WORD\nRUN --mount=type=secret,id=s cat /run/secrets/s\n' +
        'RUN echo $WORD; grep one /etc/hosts; ulimit -n\nRUN --mount=type=ssh test -S $SSH_AUTH_SOCK && echo has agent\n',
      secret: 'hush\n',
    });
    const script = [
      'eval $(ssh-agent) >/dev/null; trap "ssh-agent -k >/dev/null" EXIT',
      'ssh-keygen -q -t ed25519 -N "" -f "$1/key"; ssh-add -q "$1/key"',
      'docker build --no-cache --ssh default --secret id=s,src=$1/secret --build-arg WORD=said --add-host one:1.2.3.4 --ulimit nofile=77:77 $1',
    ].join('\n');
    const { code, stderr } = await runCommand('sh', ['-ec', script, 'sh', directory], { environment });
    assert.equal(code, 0, stderr);
    for (const expected of [/hush/, /said/, /1\.2\.3\.4\s+one/, / 77$/m, /has agent/])
      assert.match(stderr, expected);
  });

  it('gives the files of an image to the client', async () => {
    const directory = context({
      Dockerfile:
        'FROM busybox AS made\nRUN mkdir -p /o/d && echo 1 >/o/f && ln -s f /o/l && ln /o/f /o/d/h\nFROM scratch\nCOPY --from=made /o /\n',
    });
    const out = path.join(directory, 'out');
    await succeed('build', '-o', out, directory);
    assert.deepEqual(fs.readdirSync(out, { recursive: true }).sort(), ['d', 'd/h', 'f', 'l']);
    assert.equal(fs.statSync(`${out}/f`).ino, fs.statSync(`${out}/d/h`).ino);
    assert.equal(fs.readlinkSync(`${out}/l`), 'f');
    await succeed('build', '-o', `type=tar,dest=${directory}/out.tar`, directory);
    assert.match(await outputOf('tar', ['tf', `${directory}/out.tar`]), /^d\/h$/m);
  });

  it('builds from named contexts', async () => {
    const other = context({ file: 'named' });
    const directory = context({
      Dockerfile: 'FROM base\nCOPY --from=other file /file\nCMD ["cat", "/file"]\n',
    });
    const contexts = ['--build-context', `other=${other}`, '--build-context', 'base=docker-image://busybox'];
    await succeed('build', '-t', 'of-contexts', ...contexts, directory);
    assert.equal(await succeed('run', '--rm', 'of-contexts'), 'named');
  });

  it('pushes what it built', async () => {
    const name = `${registry.address}/pushed:v1`;
    const metadata = path.join(engine.directory, 'metadata.json');
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo pushed >/file\n' });
    await succeed('build', '--push', '-t', name, '--metadata-file', metadata, directory);
    await succeed('rmi', name);
    await succeed('pull', '-q', name);
    assert.equal(await succeed('run', '--rm', name, 'cat', '/file'), 'pushed\n');
    assert.match(JSON.parse(fs.readFileSync(metadata, 'utf8'))['containerimage.config.digest'], /^sha256:/);
  });

  it('checks a Dockerfile', { skip: onDockerd && 'its BuildKit is older than checks' }, async () => {
    const { code, stdout } = await docker([
      'build',
      '--check',
      context({ Dockerfile: 'from busybox\nMAINTAINER me\n' }),
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /2 warnings have been found/);
    assert.match(stdout, /ConsistentInstructionCasing[\s\S]*Dockerfile:1[\s\S]*MaintainerDeprecated/);
  });

  it('carries its cache through a registry', { skip: onDockerd && 'only an inline one' }, async () => {
    const directory = context({
      Dockerfile:
        'FROM busybox AS first\nRUN echo of the first stage >/file\nFROM busybox\nCOPY --from=first /file /\n',
    });
    const cache = `type=registry,ref=${registry.address}/cache:max`;
    await succeed('build', '--cache-to', `${cache},mode=max`, '-t', 'cached', directory);
    await succeed('rmi', 'cached');
    await succeed('builder', 'prune', '-af');
    const output = await succeed('build', '--cache-from', cache, '-t', 'cached', directory);
    assert.match(output, /RUN echo of the first stage[\s\S]*CACHED/);
    assert.doesNotMatch(output, /RUN echo of the first stage >\/file\n#\d+ DONE/);
  });

  it('builds for several platforms', { skip: onDockerd && 'it has no store for them' }, async () => {
    const directory = context({ Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY file-$TARGETARCH /file\n' });
    writeFiles(directory, { 'file-amd64': 'a', 'file-arm64': 'b' });
    const name = `${registry.address}/platforms:v1`;
    await succeed('build', '--platform', 'linux/amd64,linux/arm64', '--push', '-t', name, directory);
    const index = JSON.parse(await succeed('buildx', 'imagetools', 'inspect', '--raw', name));
    assert.deepEqual(
      index.manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
      ['amd64', 'arm64'],
    );
    await succeed('build', '--platform', 'linux/amd64,linux/arm64', '-o', `${directory}/out`, directory);
    assert.equal(fs.readFileSync(`${directory}/out/linux_amd64/file`, 'utf8'), 'a');
    assert.equal(fs.readFileSync(`${directory}/out/linux_arm64/file`, 'utf8'), 'b');
  });

  it('bakes targets side by side', async () => {
    const directory = context({
      one: 'FROM busybox\nRUN echo one >/file\n',
      two: 'FROM busybox\nRUN echo two >/file\n',
      'docker-bake.json': JSON.stringify({
        group: { default: { targets: ['one', 'two'] } },
        target: {
          one: { dockerfile: 'one', tags: ['baked-one'] },
          two: { dockerfile: 'two', tags: ['baked-two'] },
        },
      }),
    });
    const { code, stderr } = await runCommand('docker', ['buildx', 'bake', '--allow=fs.read=*'], {
      directory,
      environment,
      timeoutMs: 60_000,
    });
    assert.equal(code, 0, stderr);
    for (const word of ['one', 'two']) {
      assert.equal(await succeed('run', '--rm', `baked-${word}`, 'cat', '/file'), `${word}\n`);
    }
  });

  it('tells of its cache, and prunes it', async () => {
    await succeed('build', context({ Dockerfile: 'FROM busybox\nRUN echo kept >/kept\n' }));
    assert.match(await succeed('buildx', 'du'), /Total:|RECLAIMABLE/);
    await succeed('buildx', 'prune', '-af');
    assert.match(await succeed('buildx', 'du'), /Total:\s+0B|^ID/m);
  });

  it('ends the command of a build that is interrupted', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN sleep 4712\n' });
    const isRunning = async (): Promise<boolean> =>
      (await runCommand('pgrep', ['-fx', 'sleep 4712'])).code === 0;
    const script = 'docker build "$1" & pid=$!; read line; kill -INT $pid; wait $pid';
    const child = runCommand(
      'sh',
      [
        '-c',
        `(while ! pgrep -fx "sleep 4712" >/dev/null; do sleep 0.1; done; echo go) | { ${script}; }`,
        'sh',
        directory,
      ],
      {
        environment,
      },
    );
    const { code } = await child;
    assert.notEqual(code, 0);
    await waitFor('the command to end', async () => !(await isRunning()));
  });
});
