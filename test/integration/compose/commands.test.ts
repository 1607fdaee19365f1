import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { it } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › commands', ({ engine, project }) => {
  it('run: a container of its own, with its dependencies, its own command, and its exit code', async () => {
    await using shop = project(`
services:
  job:
    image: busybox
    entrypoint: [sh, -c]
    command: [exit 9]
    environment: { WHO: file, KEPT: yes }
    depends_on: { db: { condition: service_healthy } }
    ports: ['127.0.0.1:18999:80']
    restart: always
    profiles: [tools]
  db: { image: busybox, command: ${obedient(':')}, healthcheck: { test: 'true', interval: 100ms } }
`);
    const ran = await shop.run(['run', '--rm', '-T', '-e', 'WHO=me', 'job', 'echo $WHO $KEPT; exit 6']);
    assert.equal(ran.code, 6);
    assert.equal(ran.stdout, 'me yes\n');
    assert.equal(await shop.out('ps', '--all', '--format', '{{.Name}}'), `${shop.name}-db-1`);
    const piped = await shop.run(['run', '--rm', '-T', '--no-deps', '--entrypoint', 'cat', 'job'], {
      input: 'typed',
    });
    assert.equal(piped.stdout, 'typed');
    const name = await shop.out('run', '-d', '--name', `${shop.name}-mine`, '-P', 'job', 'sleep 100');
    assert.notEqual(await shop.inspect('mine', '.HostConfig.RestartPolicy.Name'), 'always');
    assert.match(await engine().cli('docker').out('port', name), /127\.0\.0\.1:18999/);
    assert.match(await shop.out('ps', '--all', '--format', '{{.Name}}'), new RegExp(`${shop.name}-mine`));
    const wrong = await shop.run(['run', '-p', 'x', 'job']);
    assert.match(wrong.stderr, /--publish: invalid port "x"/);
    assert.equal((await shop.run(['run', 'nobody'])).code, 1);
  });

  it('exec, top, port, cp, images, ls by the project', async () => {
    await using shop = project(`
services:
  web: { image: busybox, command: ${obedient(':')}, ports: ['127.0.0.1::80'], scale: 2 }
`);
    await shop.out('up', '-d');
    assert.equal(
      await shop.out('exec', '--index', '2', 'web', 'hostname'),
      await shop.inspect('web-2', '.Config.Hostname'),
    );
    assert.equal((await shop.run(['exec', 'web', 'sh', '-c', 'exit 8'])).code, 8);
    assert.equal((await shop.run(['exec', '-T', 'web', 'cat'], { input: 'typed' })).stdout, 'typed');
    assert.match((await shop.run(['exec', '--index', '3', 'web', 'true'])).stderr, /has no container 3/);
    const processes = (await shop.out('top', 'web')).split('\n').map((line) => line.split(/ +/).slice(0, 3));
    assert.deepEqual(processes[0], ['SERVICE', '#', 'UID']);
    assert.deepEqual(
      [...new Set(processes.slice(1).map((line) => line.join(' ')))],
      ['web 1 root', 'web 2 root'],
    );
    assert.match(await shop.out('port', 'web', '80'), /^127\.0\.0\.1:\d+$/);
    const unpublished = await shop.run(['port', '--protocol', 'udp', 'web', '80']);
    assert.equal(unpublished.code, 1);
    assert.match(unpublished.stderr, new RegExp(`no port 80/udp for container ${shop.name}-web-1: 80/tcp`));
    const [row = ''] = (await shop.out('ps', '--format', 'json')).split('\n');
    const {
      Name: first,
      Publishers: ports,
      ID: id,
    } = JSON.parse(row) as {
      ID: string;
      Name: string;
      Publishers: Record<string, unknown>[];
    };
    assert.equal(first, `${shop.name}-web-1`);
    assert.equal((await shop.out('ps', '-q')).split('\n')[0]?.slice(0, 12), id);
    assert.deepEqual(
      [ports[0]?.['URL'], ports[0]?.['TargetPort'], ports[0]?.['Protocol']],
      ['127.0.0.1', 80, 'tcp'],
    );
    shop.write('file', 'copied');
    await shop.out('cp', `${shop.directory}/file`, 'web:/tmp/file');
    assert.equal(await shop.out('exec', '--index', '2', 'web', 'cat', '/tmp/file'), 'copied');
    await shop.out('cp', 'web:/tmp/file', `${shop.directory}/back`);
    assert.equal(fs.readFileSync(`${shop.directory}/back`, 'utf8'), 'copied');
    assert.match(await shop.out('images'), new RegExp(`^${shop.name}-web-2 +busybox +latest .* ago$`, 'm'));
    const [image] = JSON.parse(await shop.out('images', '--format', 'json')) as { LastTagTime: string }[];
    assert.match(image?.LastTagTime ?? '', /^\d{4}-\d\d-\d\dT/);
    assert.match(
      await shop.out('ls'),
      new RegExp(`^${shop.name} +running\\(2\\) +${shop.directory}/compose.yaml`, 'm'),
    );
  });

  it('pause, unpause, kill, restart, stop, start, rm, events', async () => {
    await using shop = project(`services: { web: { image: busybox, command: ${obedient('echo start')} } }`);
    const state = (): Promise<string> => shop.inspect('web-1', '.State.Status');
    const events = shop.start('events', '--json');
    const closed = once(events, 'close');
    let told = '';
    events.stdout.on('data', (bytes: Buffer) => {
      told += bytes.toString();
    });
    // Events are told from the moment that they are asked for, which nobody is told of.
    await waitFor('the first event', async () => {
      await shop.out('rm', '-f');
      await shop.out('create');
      return told.includes('"create"');
    });
    assert.equal(await state(), 'created');
    await shop.out('start');
    await shop.out('pause');
    assert.equal(await state(), 'paused');
    await shop.out('unpause');
    await shop.out('kill', '-s', 'KILL', 'web');
    await waitFor('the end', async () => (await state()) === 'exited');
    await shop.out('restart', '-t', '0');
    assert.equal(await state(), 'running');
    assert.match((await shop.run(['rm', '-f'])).stderr, /No stopped containers/);
    await shop.out('rm', '-f', '-s');
    assert.equal(await shop.out('ps', '--all', '--quiet'), '');
    const actions = (): string[] =>
      told
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { action: string }).action);
    const isOver = (): boolean =>
      told.includes('"die"') && told.lastIndexOf('"destroy"') > told.lastIndexOf('"die"');
    await waitFor('the last event', isOver);
    events.kill('SIGTERM');
    await closed;
    for (const action of ['create', 'start', 'pause', 'unpause', 'kill', 'die'])
      assert.ok(actions().includes(action), action);
  });

  it('needs no files where the project’s name is given', async () => {
    await using shop = project(`
services: { web: { image: busybox, command: ${obedient('echo hi')} }, late: { image: busybox, command: ${obedient(':')}, depends_on: [web] } }
`);
    await shop.out('up', '-d');
    const dhow = engine().cli('dhow');
    const byName = async (...args: string[]): Promise<string> => {
      const result = await dhow.run(['compose', '-p', shop.name, ...args], { directory: '/' });
      assert.equal(result.code, 0, result.stderr);
      return result.stdout;
    };
    await waitFor('the output', async () => (await byName('logs', 'web')) === 'web-1  | hi\n');
    assert.equal(await byName('ps', '--services'), 'late\nweb\n');
    await byName('down', '-t', '0');
    assert.equal(await shop.out('ps', '--all', '--quiet'), '');
    const unknown = await dhow.run(['compose', 'ps'], { directory: '/' });
    assert.match(unknown.stderr, /no compose\.yaml/);
  });

  it('refuses what it does not do, and what contradicts itself', async () => {
    await using shop = project('services: { web: { image: busybox } }');
    assert.match((await shop.run(['up', '--menu'])).stderr, /--menu is not supported/);
    assert.match((await shop.run(['up', '-d', '--watch'])).stderr, /exclude each other/);
    assert.match((await shop.run(['up', '--watch'])).stderr, /none of web has a develop\.watch section/);
    assert.match((await shop.run(['up', '-d', '--exit-code-from', 'web'])).stderr, /exclude each other/);
    assert.match((await shop.run(['exec', 'web'])).stderr, /requires at least 2 arguments/);
    assert.match(
      (await shop.run(['up', '-d', '--pull', 'never', 'nobody'])).stderr,
      /no such service: nobody/,
    );
    shop.write('compose.yaml', 'services: { web: { image: not-there.invalid/x, pull_policy: never } }');
    assert.match(
      (await shop.run(['up', '-d'])).stderr,
      /"not-there.invalid\/x" of service "web" is not there/,
    );
    shop.write('compose.yaml', 'services:\n  web:\n    image: busybox\n    provider: { type: x }\n');
    assert.match(
      (await shop.run(['up', '-d'])).stderr,
      /compose\.yaml:4:\d+: services\.web: "provider" is not supported yet/,
    );
    for (const verb of ['bridge', 'publish']) {
      const { code, stderr } = await shop.run([verb]);
      assert.equal(code, 125);
      assert.match(stderr, new RegExp(`dhow compose ${verb} is not supported`));
    }
    const wrong = await shop.run(['ps', '--nope']);
    assert.deepEqual([wrong.code, wrong.stderr.includes('unknown flag: --nope')], [1, true]);
    const bare = await shop.run([]);
    assert.deepEqual([bare.code, bare.stdout.includes('Usage:  dhow compose')], [0, true]);
    shop.write('compose.yaml', 'services: { web: { image: busybox } }');
  });
});
