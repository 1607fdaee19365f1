import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { build, failedBuild, writeFiles } from './build-context.ts';

describe('the cache of builds', () => {
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

  it('builder prune removes what was kept, and images stay whole', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /u\n' });
    await build(dhow, ['-t', 'pruned', directory]);
    const before = await dhow.out('run', '--rm', 'pruned', 'cat', '/u');
    assert.match(
      await dhow.out('system', 'df', '-v'),
      /^Build cache usage: \d.*\n\nCACHE ID [\s\S]*regular/m,
    );
    assert.match(await dhow.out('builder', 'prune', '-af'), /Total reclaimed space: /);
    assert.doesNotMatch(await dhow.out('system', 'df', '-v'), /regular/);
    assert.equal(await dhow.out('run', '--rm', 'pruned', 'cat', '/u'), before);
    await build(dhow, ['-t', 'pruned', directory]);
    assert.notEqual(await dhow.out('run', '--rm', 'pruned', 'cat', '/u'), before);
  });

  it('an inline cache spares another daemon the steps', async () => {
    const directory = context({
      Dockerfile: 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /u\nCOPY f /f\nLABEL a=b\n',
      f: '1',
    });
    const cache = path.join(daemon.directory, 'cache');
    await build(dhow, ['-t', 'with-cache', '--cache-to', `type=local,dest=${cache}`, directory]);
    const before = await dhow.out('run', '--rm', 'with-cache', 'cat', '/u');
    await dhow.out('rmi', 'with-cache');
    await dhow.out('builder', 'prune', '-af');
    await using other = await startDaemon();
    await importBase(other);
    const cli = other.cli('dhow');
    await build(cli, ['-t', 'with-cache', '--cache-from', `type=local,src=${cache}`, directory]);
    assert.equal(await cli.out('run', '--rm', 'with-cache', 'cat', '/u'), before);
    assert.match(
      await build(cli, ['--cache-from', 'localhost:1/none', directory]),
      /no cache from localhost:1\/none/,
    );
  });

  it('a cache of all stages spares another daemon those that are in no image', async () => {
    await using registry: Registry = await startRegistry();
    const uuid = 'cat /proc/sys/kernel/random/uuid >';
    const files = {
      Dockerfile: `FROM busybox AS tools\nRUN ${uuid} /u\nFROM busybox\nCOPY --from=tools /u /u\nRUN ${uuid} /v\n`,
    };
    const directory = context(files);
    const reference = `${registry.address}/cache:all`;
    const local = path.join(daemon.directory, 'cache-of-all');
    const dangling = (): Promise<string> => dhow.out('images', '-q', '--filter', 'dangling=true');
    const danglingBefore = await dangling();
    await build(dhow, [
      ...['-t', 'all-stages', '--cache-to', `type=registry,ref=${reference},mode=max`],
      ...['--cache-to', `type=local,dest=${local},mode=max`, directory],
    ]);
    const before = await dhow.out('run', '--rm', 'all-stages', 'cat', '/u', '/v');
    assert.equal(await dangling(), danglingBefore);
    assert.doesNotMatch(await dhow.out('images', '-a'), /cache/);
    for (const cacheFrom of [`type=registry,ref=${reference}`, `type=local,src=${local}`]) {
      await using other = await startDaemon();
      await importBase(other);
      const cli = other.cli('dhow');
      // What comes after the stage of the tools changes: the steps of the tools are found although no image has them.
      fs.writeFileSync(path.join(directory, 'Dockerfile'), `${files.Dockerfile}RUN true\n`);
      const output = await build(cli, ['-t', 'all-stages', '--cache-from', cacheFrom, directory]);
      const step = /^#(\d+) \[tools 2\/2\] RUN cat/m.exec(output)?.[1];
      assert.match(output, new RegExp(`^#${step} CACHED`, 'm'));
      assert.equal(await cli.out('run', '--rm', 'all-stages', 'cat', '/u', '/v'), before);
    }
    const inline = await failedBuild(dhow, ['--cache-to', 'type=inline,mode=max', directory]);
    assert.match(inline.output, /an inline cache has no mode=max/);
  });

  it('builder prune leaves what an image has unless --all, and knows filters; builder du lists the rest', async () => {
    await dhow.out('builder', 'prune', '-af');
    const directory = context({
      Dockerfile: [
        'FROM busybox AS unused',
        'RUN echo in no image > /f && head -c 300000 /dev/urandom > /g',
        'FROM busybox',
        'COPY --from=unused /f /f',
        'RUN --mount=type=cache,target=/c head -c 200000 /dev/urandom > /c/kept; echo in an image > /h',
        '',
      ].join('\n'),
    });
    await build(dhow, ['-t', 'shared', directory]);
    const listed = async (): Promise<string> =>
      dhow.out('builder', 'du', '--format', '{{.CacheType}} {{.Shared}} {{.Description}}');
    assert.match(await dhow.out('builder', 'du'), /^CACHE ID .*\n[\s\S]*\nTotal:\t/);
    await dhow.out('builder', 'prune', '-f', '--filter', 'until=24h');
    assert.match(await listed(), /in no image/);
    await dhow.out('builder', 'prune', '-f', '--filter', 'type=exec.cachemount');
    assert.doesNotMatch(await listed(), /exec\.cachemount/);
    await dhow.out('builder', 'prune', '-f');
    assert.match(await listed(), /^regular true .*in an image/m);
    assert.doesNotMatch(await listed(), /in no image/);
    await dhow.out('builder', 'prune', '-af');
    assert.equal(await listed(), '');
    assert.equal(await dhow.out('run', '--rm', 'shared', 'cat', '/f', '/h'), 'in no image\nin an image');
  });

  it('builder prune --keep-storage removes what was used longest ago', async () => {
    await dhow.out('builder', 'prune', '-af');
    const large = (name: string): string =>
      context({ Dockerfile: `FROM busybox\nRUN head -c 400000 /dev/zero > /${name}\n` });
    await build(dhow, ['-o', 'type=tar,dest=/dev/null', large('first')]);
    await build(dhow, ['-o', 'type=tar,dest=/dev/null', large('second')]);
    await dhow.out('builder', 'prune', '-f', '--keep-storage', '600kb');
    const left = await dhow.out('builder', 'du', '--format', '{{.Description}}');
    assert.doesNotMatch(left, /first/);
    assert.match(left, /second/);
  });

  it('what a build has found in the cache stays until it is recorded, whatever is pruned meanwhile', async () => {
    const found = 'RUN echo found in the cache > /f';
    await build(dhow, ['-o', 'type=tar,dest=/dev/null', context({ Dockerfile: `FROM busybox\n${found}\n` })]);
    let pruned = '';
    const server = http.createServer(async (_request, response) => {
      pruned = await dhow.out('builder', 'prune', '-af');
      response.end('go on');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const directory = context({
        Dockerfile: `FROM busybox\n${found}\nRUN --network=host wget -qO /g http://127.0.0.1:${port}/\n`,
      });
      assert.match(await build(dhow, ['-t', 'pruned-meanwhile', directory]), /CACHED/);
    } finally {
      server.close();
    }
    assert.match(pruned, /Deleted build cache objects/);
    const files = await dhow.out('run', '--rm', 'pruned-meanwhile', 'cat', '/f', '/g');
    assert.equal(files, 'found in the cache\ngo on');
  });
});
