import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { describeCompose, obedient } from './describe-compose.ts';

/** Waits until a command with `--verbose` has asked the daemon for something. */
async function untilAsked(command: ChildProcessWithoutNullStreams, request: RegExp): Promise<void> {
  let told = '';
  command.stderr.on('data', (bytes: Buffer) => {
    told += bytes.toString();
  });
  await waitFor(`the request ${request}`, () => request.test(told));
}

describeCompose('compose › commands on a service’s containers', ({ engine, project }) => {
  it('attach: what the container says and hears, and its exit code', async () => {
    await using shop = project(`
services: { web: { image: busybox, command: [sh, -c, 'read word; echo "got $$word"; exit 5'], stdin_open: true, scale: 2 } }
`);
    await shop.out('up', '-d');
    const attached = await shop.run(['attach', '--index', '2', 'web'], { input: 'it\n' });
    assert.deepEqual([attached.code, attached.stdout], [5, 'got it\n']);
    assert.match(
      (await shop.run(['attach', '--index', '2', 'web'])).stderr,
      /cannot attach to a stopped container/,
    );
    const watching = shop.start('--verbose', 'attach', '--no-stdin', '--sig-proxy=false', 'web');
    const ended = once(watching, 'close');
    await untilAsked(watching, /\/attach$/m);
    await shop.out('kill', 'web');
    assert.equal((await ended)[0], 137);
    assert.match((await shop.run(['attach', 'nobody'])).stderr, /no such service: nobody/);
  });

  it('export and commit: a container’s files as an archive, and as an image', async () => {
    await using shop = project(
      `services: { web: { image: busybox, command: ${obedient('echo mine > /file')} } }`,
    );
    await shop.out('up', '-d');
    await waitFor(
      'the file',
      async () => (await shop.run(['exec', 'web', 'test', '-s', '/file'])).code === 0,
    );
    const archive = `${shop.directory}/web.tar`;
    const exported = await shop.run(['export', '-o', archive, 'web']);
    assert.match(
      exported.stderr,
      new RegExp(`^ ${shop.name}-web-1 export ${shop.name}-web-1 to ${archive} +Exported$`, 'm'),
    );
    assert.ok(fs.readFileSync(archive).includes('mine\n'));
    const piped = await shop.run(['export', 'web']);
    assert.ok(piped.stdout.includes('mine\n'));
    await shop.out('--dry-run', 'export', '-o', `${shop.directory}/none.tar`, 'web');
    assert.ok(!fs.existsSync(`${shop.directory}/none.tar`));

    const dhow = engine().cli('dhow');
    await shop.out('--dry-run', 'commit', 'web', 'kept:1');
    assert.equal(await dhow.out('images', '--quiet', 'kept'), '');
    const words = ['commit', '-a', 'me', '-m', 'why', '-c', 'CMD ["cat", "/file"]', 'web', 'kept:1'];
    const { code, stderr } = await shop.run(words);
    assert.equal(code, 0, stderr);
    const id = await dhow.out('inspect', '--format', '{{.Id}} {{.Author}} {{.Comment}}', 'kept:1');
    assert.equal(/Committed as (\S+)$/m.exec(stderr)?.[1], id.split(' ')[0]);
    assert.match(id, / me why$/);
    assert.equal(await dhow.out('run', '--rm', 'kept:1'), 'mine');
    await dhow.out('rmi', 'kept:1');
    assert.match((await shop.run(['commit', 'nobody'])).stderr, /no such service: nobody/);
    assert.match((await shop.run(['export', '--index', '2', 'web'])).stderr, /has no container 2/);
  });

  it('stats: the project’s containers alone, or those of a service', async () => {
    await using shop = project(`
services: { web: { image: busybox, command: ${obedient(':')} }, db: { image: busybox, command: ${obedient(':')} } }
`);
    await using other = project(`services: { web: { image: busybox, command: ${obedient(':')} } }`);
    await Promise.all([shop.out('up', '-d'), other.out('up', '-d')]);
    const names = async (...args: string[]): Promise<string[]> =>
      (await shop.out('stats', '--no-stream', '--format', '{{.Name}}', ...args)).split('\n').sort();
    assert.deepEqual(await names(), [`${shop.name}-db-1`, `${shop.name}-web-1`]);
    assert.deepEqual(await names('web'), [`${shop.name}-web-1`]);
    await shop.out('stop', 'db');
    assert.deepEqual(await names(), [`${shop.name}-web-1`]);
    assert.deepEqual(await names('--all'), [`${shop.name}-db-1`, `${shop.name}-web-1`]);
    const streaming = shop.start('stats', '--format', '{{.Name}}');
    let shown = '';
    streaming.stdout.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
    });
    const ended = once(streaming, 'close');
    await waitFor('the first', () => shown.includes('web-1'));
    await shop.out('start', 'db');
    await waitFor('the one that came later', () => shown.includes('db-1'));
    assert.ok(!shown.includes(`${other.name}-web-1`));
    streaming.kill('SIGINT');
    await ended;
  });

  it('volumes: the project’s, or those that services use', async () => {
    await using shop = project(`
services:
  web: { image: busybox, command: ${obedient(':')}, volumes: ['a:/a', '/own'] }
  db: { image: busybox, command: ${obedient(':')}, volumes: ['b:/b'] }
volumes: { a: , b: }
`);
    await shop.out('up', '-d');
    const { name } = shop;
    assert.equal(
      await shop.out('volumes'),
      `DRIVER    VOLUME NAME\nlocal     ${name}_a\nlocal     ${name}_b`,
    );
    assert.equal(await shop.out('volumes', '-q', 'web'), `${name}_a`);
    assert.equal(await shop.out('volumes', '--format', '{{.Name}} {{.Driver}}', 'db'), `${name}_b local`);
    const [row = ''] = (await shop.out('volumes', '--format', 'json')).split('\n');
    assert.equal((JSON.parse(row) as { Name: string }).Name, `${name}_a`);
    assert.match((await shop.run(['volumes', 'nobody'])).stderr, /no such service: nobody/);
  });

  it('cp --all: into containers of run, too', async () => {
    await using shop = project(`services: { web: { image: busybox, command: ${obedient(':')} } }`);
    await shop.out('up', '-d');
    const extra = await shop.out('run', '-d', 'web');
    shop.write('file', 'content');
    const has = async (container: string, file: string): Promise<boolean> =>
      (await engine().cli('dhow').run(['exec', container, 'test', '-e', file])).code === 0;
    await shop.out('cp', `${shop.directory}/file`, 'web:/some');
    assert.deepEqual([await has(`${shop.name}-web-1`, '/some'), await has(extra, '/some')], [true, false]);
    await shop.out('cp', '--all', `${shop.directory}/file`, 'web:/all');
    assert.deepEqual([await has(`${shop.name}-web-1`, '/all'), await has(extra, '/all')], [true, true]);
  });

  it('kill leaves orphans alone unless --remove-orphans is said', async () => {
    await using shop = project(`
services: { web: { image: busybox, command: ${obedient(':')} }, old: { image: busybox, command: ${obedient(':')} } }
`);
    await shop.out('up', '-d');
    shop.write('compose.yaml', `services: { web: { image: busybox, command: ${obedient(':')} } }`);
    const state = (container: string): Promise<string> => shop.inspect(container, '.State.Status');
    await shop.out('kill');
    await waitFor('the end', async () => (await state('web-1')) === 'exited');
    assert.equal(await state('old-1'), 'running');
    assert.match((await shop.run(['kill'])).stderr, /no container to kill/);
    await shop.out('kill', '--remove-orphans');
    await waitFor('the end of the orphan', async () => (await state('old-1')) === 'exited');
  });

  it('wait --down-project: takes all down when the services have ended', async () => {
    await using shop = project(`
services:
  job: { image: busybox, command: [sh, -c, 'until [ -e /end ]; do sleep 0.05; done; exit 4'] }
  web: { image: busybox, command: ${obedient(':')} }
`);
    await shop.out('up', '-d');
    const id = await shop.inspect('job-1', '.Id');
    const waiting = shop.start('--verbose', 'wait', '--down-project', 'job');
    const [printed, ended] = [text(waiting.stdout), once(waiting, 'close')];
    await untilAsked(waiting, /\/wait$/m);
    await shop.out('exec', 'job', 'touch', '/end');
    assert.equal((await ended)[0], 4);
    assert.equal(await printed, `container "${id}" exited with status code 4\n`);
    assert.equal(await shop.out('ps', '--all', '--quiet'), '');
  });

  it('start --wait: until all are healthy, or not in time', async () => {
    const file = (test: string): string => `
services: { web: { image: busybox, command: ${obedient(':')}, healthcheck: { test: '${test}', interval: 100ms, retries: 1000 } } }
`;
    await using shop = project(file('test -e /ready || { touch /ready; false; }'));
    await shop.out('create');
    await shop.out('start', '--wait', '--wait-timeout', '60');
    assert.equal(await shop.inspect('web-1', '.State.Health.Status'), 'healthy');
    shop.write('compose.yaml', file('false'));
    await shop.out('up', '--no-start', '--force-recreate', '-t', '0');
    const late = await shop.run(['start', '--wait', '--wait-timeout', '1']);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /not ready after 1 seconds/);
  });
});
