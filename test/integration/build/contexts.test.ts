import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { serveGit } from '../../support/serve-git.ts';
import { build, buildLeftovers, failedBuild, writeFiles } from './build-context.ts';

/** A web server with these files. */
async function serveFiles(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { url: string }> {
  const server = http.createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file === undefined) response.writeHead(404).end();
    else fs.createReadStream(file).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

describe('contexts of builds', () => {
  let daemon: Daemon;
  let dhow: Cli;
  before(async () => {
    daemon = await startDaemon();
    dhow = daemon.cli('dhow');
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const context = (files: Record<string, string>): string =>
    writeFiles(fs.mkdtempSync(path.join(daemon.directory, 'context-')), files);

  it('named contexts are directories and images, before stages and images of the same name', async () => {
    const other = context({ file: 'of the other', '.dockerignore': 'ignored', ignored: '' });
    const directory = context({
      Dockerfile: [
        'FROM nothing-that-exists AS base',
        'COPY --from=other . /other/',
        'RUN --mount=from=other,target=/m cat /m/file && ls -A /other && test ! -e /m/ignored',
        'COPY . /own/',
        'RUN ls -A /own',
      ].join('\n'),
      own: '',
    });
    const output = await build(dhow, [
      ...[
        '--build-context',
        `other=${other}`,
        '--build-context',
        'nothing-that-exists=docker-image://busybox',
      ],
      directory,
    ]);
    assert.match(output, /of the other/);
    assert.doesNotMatch(output, /dhow-contexts/);
  });

  it('builds from git repositories, and adds them', async () => {
    const repositories = path.join(daemon.directory, 'git');
    const work = writeFiles(path.join(daemon.directory, 'work'), {
      'sub/Dockerfile': 'FROM busybox\nCOPY f /f\nRUN cat /f\n',
      'sub/f': 'first\n',
    });
    const git = (...args: string[]): Promise<string> =>
      outputOf('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-C', work, ...args]);
    await git('init', '-q', '-b', 'main');
    await git('add', '.');
    await git('commit', '-q', '-m', 'one');
    await git('tag', 'v1');
    const commit = await git('rev-parse', 'HEAD');
    fs.writeFileSync(path.join(work, 'sub/f'), 'second\n');
    await git('commit', '-q', '-a', '-m', 'two');
    fs.mkdirSync(repositories);
    await outputOf('git', ['clone', '-q', '--bare', work, path.join(repositories, 'r.git')]);
    await using server = await serveGit(repositories);
    const url = `git://127.0.0.1:${server.port}/r.git`;
    assert.match(await build(dhow, ['--no-cache', `${url}#:sub`]), /second/);
    assert.match(await build(dhow, ['--no-cache', `${url}#v1:sub`]), /first/);
    assert.match(await build(dhow, ['--no-cache', `${url}#${commit}:sub`]), /first/);
    const added = context({
      Dockerfile: `FROM busybox\nADD ${url}#v1 /r/\nADD --keep-git-dir=true ${url}#main:sub /s/\nRUN cat /r/sub/f /s/f; ls -A /r\n`,
    });
    const output = await build(dhow, [added]);
    assert.match(output, /first.*second/s);
    assert.doesNotMatch(output, /\.git\n/);
    assert.match(await build(dhow, ['--no-cache', `${url}?tag=v1&subdir=sub&checksum=${commit}`]), /first/);
    assert.match(
      (await failedBuild(dhow, [`${url}?branch=main&subdir=sub&checksum=${commit}`])).output,
      /is the commit [0-9a-f]{40}, and not/,
    );
    assert.match((await failedBuild(dhow, [`${url}?depth=1`])).output, /"depth"/);
    const checked = (sum: string): string =>
      context({ Dockerfile: `FROM busybox\nADD --checksum=${sum} ${url}#v1 /r/\nRUN cat /r/sub/f\n` });
    assert.match(await build(dhow, [checked(commit)]), /first/);
    assert.match((await failedBuild(dhow, [checked('0123456789')])).output, /and not 0123456789/);
    const named = context({
      Dockerfile:
        'FROM busybox\nCOPY --from=repo f /f\nFROM repo AS files\nFROM busybox\nCOPY --from=files / /r\nRUN cat /r/f\n',
    });
    assert.match(await build(dhow, ['--build-context', `repo=${url}#v1:sub`, named]), /first/);
    assert.match((await failedBuild(dhow, [`${url}#no-such-branch`])).output, /git fetch failed/);
    assert.match(
      (await failedBuild(dhow, [`git://127.0.0.1:${server.port}/none.git`])).output,
      /git fetch failed/,
    );
    assert.deepEqual(buildLeftovers(daemon), []);
  });

  it('a repository brings its submodules, unless they are not wanted', async () => {
    const repositories = path.join(daemon.directory, 'modules');
    const git = (directory: string, ...args: string[]): Promise<string> =>
      outputOf('git', [
        ...['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'protocol.allow=always'],
        ...['-C', directory, ...args],
      ]);
    const make = async (name: string, files: Record<string, string>): Promise<string> => {
      const work = writeFiles(path.join(repositories, name), files);
      await git(work, 'init', '-q', '-b', 'main');
      await git(work, 'add', '.');
      await git(work, 'commit', '-q', '-m', 'one');
      return work;
    };
    const inner = await make('inner', { f: 'of the submodule\n' });
    await outputOf('git', ['clone', '-q', '--bare', inner, path.join(repositories, 'inner.git')]);
    await using server = await serveGit(repositories);
    const at = (name: string): string => `git://127.0.0.1:${server.port}/${name}`;
    const outer = await make('outer', {
      Dockerfile: 'FROM busybox\nCOPY . /r\nRUN ls /r/m; cat /r/m/f || true\n',
    });
    await git(outer, 'submodule', '--quiet', 'add', at('inner.git'), 'm');
    await git(outer, 'commit', '-q', '-m', 'two');
    await outputOf('git', ['clone', '-q', '--bare', outer, path.join(repositories, 'outer.git')]);
    assert.match(await build(dhow, ['--no-cache', at('outer.git')]), /of the submodule/);
    const without = await build(dhow, ['--no-cache', `${at('outer.git')}?submodules=false`]);
    assert.doesNotMatch(without, /of the submodule/);
  });

  it('a context is an archive by URL, or a Dockerfile without one', async () => {
    const packed = writeFiles(path.join(daemon.directory, 'remote'), {
      'sub/Dockerfile': 'FROM busybox\nCOPY f /f\nRUN cat /f\n',
      f: 'of the remote context\n',
    });
    const archive = path.join(daemon.directory, 'remote.tgz');
    await outputOf('tar', ['-czf', archive, '-C', packed, '.']);
    await using server = await serveFiles({
      '/context.tgz': archive,
      '/Some.Dockerfile': path.join(
        writeFiles(path.join(daemon.directory, 'alone'), { Dockerfile: 'FROM busybox\nRUN echo alone\n' }),
        'Dockerfile',
      ),
    });
    assert.match(
      await build(dhow, ['-f', 'sub/Dockerfile', `${server.url}/context.tgz`]),
      /of the remote context/,
    );
    assert.match(await build(dhow, [`${server.url}/Some.Dockerfile`]), /alone/);
    assert.match((await failedBuild(dhow, [`${server.url}/none`])).output, /404/);
  });

  it('a named context is an archive by URL, or an image of an OCI layout', async () => {
    const packed = writeFiles(path.join(daemon.directory, 'packed'), { 'deep/f': 'of the archive\n' });
    const archive = path.join(daemon.directory, 'packed.tgz');
    await outputOf('tar', ['-czf', archive, '-C', packed, '.']);
    await using server = await serveFiles({ '/packed.tgz': archive });
    const { url } = server;
    const byUrl = context({
      Dockerfile: 'FROM busybox\nRUN --mount=from=files,target=/m cat /m/deep/f\nCOPY --from=files deep /d\n',
    });
    assert.match(await build(dhow, ['--build-context', `files=${url}/packed.tgz`, byUrl]), /of the archive/);
    const missing = await failedBuild(dhow, ['--build-context', `files=${url}/none.tgz`, byUrl]);
    assert.match(missing.output, /the context "files": .*404/);

    const layout = path.join(daemon.directory, 'layout');
    const made = context({ Dockerfile: 'FROM busybox\nRUN echo of the layout > /f\n' });
    for (const tag of ['one', 'two']) {
      const output = `type=oci,dest=${layout}.tar`;
      await build(dhow, ['-t', `made:${tag}`, '-o', output, made]);
      fs.mkdirSync(`${layout}-${tag}`);
      await outputOf('tar', ['-xf', `${layout}.tar`, '-C', `${layout}-${tag}`]);
    }
    await dhow.out('rmi', 'made:one', 'made:two');
    const before = await dhow.out('images', '-aq');
    const onLayout = context({ Dockerfile: 'FROM base\nRUN cat /f\n' });
    for (const place of [`${layout}-one`, `${layout}-two:two`]) {
      const named = `base=oci-layout://${place}`;
      assert.match(
        await build(dhow, [
          '--no-cache',
          '-o',
          'type=tar,dest=/dev/null',
          '--build-context',
          named,
          onLayout,
        ]),
        /of the layout/,
      );
    }
    assert.equal(await dhow.out('images', '-aq'), before);
    const none = await failedBuild(dhow, ['--build-context', `base=oci-layout://${layout}-one:no`, onLayout]);
    assert.match(none.output, /no OCI layout with the image no/);
  });

  it('a stage stands on the files of a named context', async () => {
    const files = context({ 'etc/f': 'of the context\n', run: '-> etc/f' });
    const directory = context({
      Dockerfile: 'FROM files AS own\nENV A=b\nFROM busybox\nCOPY --from=own / /all/\nRUN cat /all/run\n',
    });
    const args = ['--build-context', `files=${files}`];
    assert.match(await build(dhow, [...args, directory]), /of the context/);
    assert.match(await build(dhow, [...args, directory]), /CACHED/);
    await build(dhow, [...args, '-t', 'of-files', '--target', 'own', directory]);
    assert.equal(await dhow.out('image', 'inspect', '--format', '{{len .RootFS.Layers}}', 'of-files'), '1');
    assert.match(await dhow.out('history', 'of-files'), /COPY --from=files/);
  });
});
