import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { it } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › build and watch', ({ engine, project }) => {
  it('builds what is missing, again only when asked, and recreates what runs the old image', async () => {
    await using shop = project(`
services:
  app: { build: { context: ., args: { WORD: "\${WORD:-none}" } }, command: ${obedient(':')} }
  inline: { build: { context: ., dockerfile_inline: "FROM busybox\\nRUN echo inline > /word" }, image: my-inline:1, command: ${obedient(':')} }
`);
    shop.write(
      'Dockerfile',
      'FROM busybox\nARG WORD\nCOPY file /file\nRUN cat /file > /word; echo $WORD >> /word\n',
    );
    shop.write('file', 'first\n');
    await shop.out('up', '-d');
    assert.equal(await shop.out('exec', 'app', 'cat', '/word'), 'first\nnone');
    assert.equal(await shop.out('exec', 'inline', 'cat', '/word'), 'inline');
    shop.write('file', 'second\n');
    await shop.out('up', '-d');
    assert.equal(await shop.out('exec', 'app', 'cat', '/word'), 'first\nnone');
    const inline = await shop.inspect('inline-1', '.Id');
    await shop.out('up', '-d', '--build');
    assert.equal(await shop.out('exec', 'app', 'cat', '/word'), 'second\nnone');
    assert.equal(await shop.inspect('inline-1', '.Id'), inline);
    await shop.out('build', '--build-arg', 'WORD=said', 'app');
    assert.equal(await shop.out('run', '--rm', '-T', 'app', 'cat', '/word'), 'second\nsaid');
    await shop.out('down', '--rmi', 'local', '-t', '0');
    const images = await engine().cli('dhow').out('images', '--format', '{{.Repository}}');
    assert.ok(!images.includes(`${shop.name}-app`) && images.includes('my-inline'));
    shop.write('Dockerfile', 'FROM busybox\nRUN exit 3\n');
    const failed = await shop.run(['up', '-d', 'app']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /the image of service "app" could not be built/);
    await engine().cli('dhow').out('rmi', 'my-inline:1');
  });

  it('watch: copies what changes, removes what is gone, rebuilds, restarts', async () => {
    await using shop = project(`
services:
  app:
    build: .
    command: ${obedient('cat /src/main /built; :')}
    develop:
      watch:
        - { action: sync, path: ./src, target: /src, ignore: ['*.log'], initial_sync: true }
        - { action: rebuild, path: ./built }
        - { action: sync+restart, path: ./settings, target: /settings }
`);
    fs.mkdirSync(`${shop.directory}/src/deep`, { recursive: true });
    shop.write('Dockerfile', 'FROM busybox\nCOPY built /built\n');
    for (const name of ['src/main', 'src/old', 'src/skipped.log', 'built', 'settings'])
      shop.write(name, `${name} 1\n`);
    const read = async (file: string): Promise<string> =>
      (await shop.run(['exec', '-T', 'app', 'cat', file])).stdout;
    const watcher = shop.start('watch');
    let said = '';
    watcher.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    try {
      await waitFor('the watch', () => said.includes('Watch enabled'));
      assert.equal(await read('/src/main'), 'src/main 1\n');
      assert.equal(await read('/src/skipped.log'), '');
      shop.write('src/main', 'src/main 2\n');
      shop.write('src/deep/new', 'new\n');
      fs.rmSync(`${shop.directory}/src/old`);
      await waitFor('the change', async () => (await read('/src/main')) === 'src/main 2\n');
      await waitFor('the new file', async () => (await read('/src/deep/new')) === 'new\n');
      await waitFor('the removal', async () => (await read('/src/old')) === '');
      const before = await shop.inspect('app-1', '.State.StartedAt');
      shop.write('settings', 'settings 2\n');
      await waitFor('the restart', async () => (await shop.inspect('app-1', '.State.StartedAt')) !== before);
      await waitFor('the settings', async () => (await read('/settings')) === 'settings 2\n');
      const id = await shop.inspect('app-1', '.Id');
      shop.write('built', 'built 2\n');
      await waitFor('the rebuild', async () => (await read('/built')) === 'built 2\n');
      assert.notEqual(await shop.inspect('app-1', '.Id'), id);
      const own = ['--filter', 'dangling=true', '--filter', `label=com.docker.compose.project=${shop.name}`];
      await waitFor('the removal of the old image', async () => {
        return (
          (await engine()
            .cli('dhow')
            .out('images', '--quiet', ...own)) === ''
        );
      });
    } finally {
      watcher.kill('SIGTERM');
    }
    await shop.out('down', '--rmi', 'all', '-t', '0');
  });

  it('up --watch: output and changes at the same time, also through a rebuild, until it is told to end', async () => {
    await using shop = project(`
services:
  app:
    build: .
    command: ${obedient('cat /built; :')}
    develop: { watch: [{ action: rebuild, path: ./built }] }
`);
    shop.write('Dockerfile', 'FROM busybox\nCOPY built /built\n');
    shop.write('built', 'one\n');
    const up = shop.start('up', '--watch');
    const ended = once(up, 'close');
    let [printed, told] = ['', ''];
    up.stdout.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
    });
    up.stderr.on('data', (bytes: Buffer) => {
      told += bytes.toString();
    });
    await waitFor('the watch', () => told.includes('Watch enabled'));
    await waitFor('the first output', () => printed.includes('app-1  | one\n'));
    shop.write('built', 'two\n');
    await waitFor('the output of the new container', () => printed.includes('app-1  | two\n'));
    up.kill('SIGINT');
    assert.deepEqual((await ended)[0], 130);
    assert.equal(await shop.inspect('app-1', '.State.Status'), 'exited');
    await shop.out('down', '--rmi', 'all', '-t', '0');
  });

  it('builds several images at the same time, each line behind its service', async () => {
    // Each waits for the other.
    const meet = (own: string, other: string): string =>
      `FROM busybox\nRUN --mount=type=cache,id=meeting,target=/meet touch /meet/${own}; until [ -e /meet/${other} ]; do sleep 0.05; done; echo met\n`;
    await using shop = project(
      'services: { one: { build: { context: ., dockerfile: one } }, two: { build: { context: ., dockerfile: two } } }',
    );
    shop.write('one', meet('one', 'two'));
    shop.write('two', meet('two', 'one'));
    const { code, stderr } = await shop.run(['build']);
    assert.equal(code, 0, stderr);
    for (const name of ['one', 'two']) assert.match(stderr, new RegExp(`^${name} +\\| .*met$`, 'm'));
    shop.write('two', 'FROM busybox\nRUN exit 3\n');
    shop.write('one', 'FROM busybox\nRUN sleep 1000\n');
    const failed = await shop.run(['build']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /the image of service "two" could not be built/);
    await shop.out('down', '--rmi', 'all');
  });
});
