import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { it } from 'node:test';
import type { Daemon } from '../../support/daemon.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { build, failedBuild, writeFiles } from './build-context.ts';

/** What BuildKit does and Docker's first builder does not. */
describeEngine("build with BuildKit's language", ({ cli, engine, unique }) => {
  const context = (files: Record<string, string>): string =>
    writeFiles(fs.mkdtempSync(path.join(engine().directory, 'context-')), files);
  const idOf = (image: string): Promise<string> => cli.out('image', 'inspect', '--format', '{{.Id}}', image);
  /** Builds what must print a line in its last RUN. */
  async function outputOfBuild(lines: string[], files: Record<string, string> = {}, args: string[] = []) {
    return build(cli, ['--no-cache', ...args, context({ ...files, Dockerfile: lines.join('\n') })]);
  }

  it('heredocs are scripts, programs with an interpreter of their own, and files', async () => {
    const output = await outputOfBuild([
      'FROM busybox',
      'ARG WHO=world',
      'RUN <<EOF',
      'echo "script of $WHO"',
      'EOF',
      'RUN <<EOF',
      '#!/bin/awk -f',
      'BEGIN { print "program" }',
      'EOF',
      'COPY --chmod=0644 <<one <<-"two" /files/',
      'expanded $WHO "quoted"',
      'one',
      '\tliteral $WHO',
      '\ttwo',
      'RUN cat /files/one /files/two && ls -l /files && ls /dev/pipes 2>&1 || true',
    ]);
    assert.match(output, /script of world/);
    assert.match(output, /\bprogram\n/);
    assert.match(output, /expanded world "quoted"/);
    assert.match(output, /\bliteral \$WHO/);
  });

  it('a cache mount lasts from build to build and is in no image', async () => {
    const name = unique('cache');
    const id = unique('id');
    const lines = [
      'FROM busybox',
      `RUN --mount=type=cache,id=${id},target=/cache,uid=1000,mode=0750 echo x >> /cache/n; echo "lines: $(wc -l < /cache/n)"; stat -c 'owner %u %a' /cache`,
    ];
    assert.match(await outputOfBuild(lines), /lines: 1\n/);
    const output = await outputOfBuild(lines, {}, ['-t', name]);
    assert.match(output, /lines: 2\n/);
    assert.match(output, /owner 1000 750/);
    assert.equal(
      await cli.out('run', '--rm', name, 'sh', '-c', 'test -e /cache && echo there || echo gone'),
      'gone',
    );
  });

  it('a locked cache mount is used by one at a time', async () => {
    const stage = (stageName: string): string[] => [
      `FROM busybox AS ${stageName}`,
      `RUN --mount=type=cache,id=${unique('lock')}-shared,target=/c,sharing=locked mkdir /c/busy && sleep 0.3 && rmdir /c/busy`,
    ];
    const id = unique('locked');
    const lines = ['a', 'b', 'c'].flatMap((stageName) =>
      stage(stageName).map((line) => line.replace(/id=\S+?-shared/, `id=${id}`)),
    );
    await outputOfBuild([
      ...lines,
      'FROM scratch',
      'COPY --from=a /etc /a',
      'COPY --from=b /etc /b',
      'COPY --from=c /etc /c',
    ]);
  });

  it('binds come from the context, stages and images, read-only unless asked, and writes are thrown away', async () => {
    const output = await outputOfBuild(
      [
        'FROM busybox AS made',
        'RUN mkdir /made && echo of-stage > /made/f',
        'FROM busybox',
        'RUN --mount=type=bind,target=/context cat /context/f; touch /context/x 2>&1 || echo read-only',
        'RUN --mount=type=bind,source=sub,target=/w,rw touch /w/new && ls /w',
        'RUN --mount=type=bind,source=sub,target=/w ls /w',
        'RUN --mount=from=made,source=made,target=/m cat /m/f',
        'RUN --mount=from=busybox,target=/image ls /image/bin/busybox',
        'RUN ls -d /context /w /m /image 2>&1 || true',
      ],
      { f: 'of-context\n', 'sub/g': '' },
    );
    assert.match(output, /of-context/);
    assert.match(output, /read-only/);
    assert.match(output, /g\n.*new\n/s);
    assert.match(output, /of-stage/);
    assert.match(output, /\/image\/bin\/busybox/);
    assert.match(output, /ls: \/context: No such file or directory/);
  });

  it('a tmpfs is empty and gone afterwards', async () => {
    const output = await outputOfBuild([
      'FROM busybox',
      'RUN --mount=type=tmpfs,target=/t,size=2m touch /t/x && df -k /t | tail -1',
      'RUN test ! -e /t && echo gone',
    ]);
    assert.match(output, /tmpfs +2048/);
    assert.match(output, /gone/);
  });

  it('COPY --parents, --exclude, --chmod and --link', async () => {
    const name = unique('copy');
    const directory = context({
      Dockerfile: [
        'FROM busybox',
        'COPY --parents a/./b/*.txt /pivot/',
        'COPY --parents **/*.md /deep/',
        'COPY --exclude=**/*.md --exclude=skip a /excluded/',
        'COPY --chmod=u=rwX,go= a /private/',
        'COPY --link --chown=alice:staff a/b/1.txt /new/dir/file',
      ].join('\n'),
      'a/b/1.txt': '',
      'a/b/2.md': '',
      'a/c/3.md': '',
      'a/skip/4.txt': '',
      'a/loop': '-> ../a',
    });
    await build(cli, ['-t', name, directory]);
    const list = (root: string): Promise<string> =>
      cli.out('run', '--rm', name, 'sh', '-c', `cd ${root} && find . -type f | sort`);
    assert.equal(await list('/pivot'), './b/1.txt');
    assert.equal(await list('/deep'), './a/b/2.md\n./a/c/3.md');
    assert.equal(await list('/excluded'), './b/1.txt');
    assert.equal(
      await cli.out(
        'run',
        '--rm',
        name,
        'stat',
        '-c',
        '%a %u:%g',
        '/private/b',
        '/private/b/1.txt',
        '/new/dir',
        '/new/dir/file',
      ),
      '700 0:0\n600 0:0\n755 1000:50\n644 1000:50',
    );
  });

  it('stages that do not need each other run at the same time', async () => {
    // Each waits for the other in a cache mount that both share; one after the other they would wait for ever.
    const id = unique('rendezvous');
    const wait = (own: string, other: string): string =>
      `RUN --mount=type=cache,id=${id},target=/c touch /c/${own}; for i in $(seq 200); do test -e /c/${other} && exit 0; sleep 0.1; done; exit 1`;
    await outputOfBuild([
      'FROM busybox AS left',
      wait('left', 'right'),
      'FROM busybox AS right',
      wait('right', 'left'),
      'FROM scratch',
      'COPY --from=left /etc/passwd /l',
      'COPY --from=right /etc/passwd /r',
    ]);
  });

  it('with SOURCE_DATE_EPOCH the same files give the same image, wherever and whenever', async () => {
    const files = {
      Dockerfile: [
        'FROM busybox AS tools',
        'RUN mkdir /t && date > /dev/null && echo tool > /t/tool',
        'FROM busybox',
        'WORKDIR /srv/deep',
        'COPY . .',
        'RUN echo made > made && mkdir d && ln -s ../f d/l',
        'COPY --from=tools /t /tools',
        'LABEL a=b',
      ].join('\n'),
      f: 'content',
      'sub/g': 'more',
    };
    const ids: string[] = [];
    for (const time of [new Date('2024-01-01'), new Date('2025-05-05')]) {
      const directory = context(files);
      for (const file of ['Dockerfile', 'f', 'sub/g', 'sub'])
        fs.utimesSync(path.join(directory, file), time, time);
      const name = unique('epoch');
      await build(cli, ['--no-cache', '--build-arg', 'SOURCE_DATE_EPOCH=1700000000', '-t', name, directory]);
      ids.push(await idOf(name));
      const created = await cli.out('image', 'inspect', '--format', '{{.Created}}', name);
      assert.equal(new Date(created).getTime(), 1_700_000_000_000);
    }
    assert.equal(ids[0], ids[1]);
  });

  it('a stage built anew with the same result spares what copies from it', async () => {
    const name = unique('content');
    const directory = (comment: string): string =>
      context({
        Dockerfile: [
          'FROM busybox AS made',
          `RUN echo ${comment} > /noise; echo same > /out`,
          'FROM busybox',
          'COPY --from=made /out /out',
          'RUN cat /proc/sys/kernel/random/uuid > /late',
        ].join('\n'),
      });
    await build(cli, ['-t', name, directory('first')]);
    const before = await cli.out('run', '--rm', name, 'cat', '/late');
    await build(cli, ['-t', name, directory('second')]);
    assert.equal(await cli.out('run', '--rm', name, 'cat', '/late'), before);
  });

  it("RUN --network=none has no network, and --network=host the host's", async () => {
    const output = await outputOfBuild([
      'FROM busybox',
      'RUN --network=none echo "none: $(ls /sys/class/net | tr "\\n" " ")"',
      'RUN --network=host echo "host: $(ls /sys/class/net | tr "\\n" " ")"',
    ]);
    assert.match(output, /none: lo \n/);
    // Other interfaces come and go with the tests beside this one.
    const { bridge } = engine() as Daemon;
    assert.match(output, new RegExp(`host: (.* )?${bridge} `));
  });

  it('ADD fetches files by HTTP, and checks them', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/dir/file.txt') response.end('fetched\n');
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dir`;
      const sum = 'sha256:41a08e7e1db65d97ab5da8bf76d8d1bd2bb33a94f4cc5e4bd3b4d0f2f1b2ae13';
      const output = await outputOfBuild([
        'FROM busybox',
        `ADD ${url}/file.txt /got/`,
        'RUN cat /got/file.txt; stat -c "mode %a" /got/file.txt',
      ]);
      assert.match(output, /fetched/);
      assert.match(output, /mode 600/);
      const wrong = await failedBuild(cli, [
        context({ Dockerfile: `FROM busybox\nADD --checksum=${sum} ${url}/file.txt /got\n` }),
      ]);
      assert.match(wrong.output, /--checksum/);
      const missing = await failedBuild(cli, [
        context({ Dockerfile: `FROM busybox\nADD ${url}/none /got\n` }),
      ]);
      assert.match(missing.output, /404/);
    } finally {
      server.close();
    }
  });

  it('--security=insecure must be allowed', async () => {
    const { output } = await failedBuild(cli, [
      context({ Dockerfile: 'FROM busybox\nRUN --security=insecure true\n' }),
    ]);
    assert.match(output, /security\.insecure/);
  });

  it('build arguments of proxies are seen by commands and kept from the image', async () => {
    const name = unique('proxy');
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo "via $http_proxy"\n' });
    const output = await build(cli, [
      '--no-cache',
      '--build-arg',
      'http_proxy=http://secret.example',
      '-t',
      name,
      directory,
    ]);
    assert.match(output, /via http:\/\/secret\.example/);
    assert.doesNotMatch(await cli.out('image', 'inspect', name), /secret\.example/);
    assert.doesNotMatch(await cli.out('history', '--no-trunc', name), /secret\.example/);
  });
});
