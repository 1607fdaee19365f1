import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { serveGit } from '../../support/serve-git.ts';
import { waitFor } from '../../support/wait-for.ts';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › the whole file', ({ engine, project }) => {
  it('runs hooks after the start and before the stop, and fails with them', async () => {
    await using shop = project(`
services:
  app:
    image: busybox
    command: ${obedient(':')}
    environment: { WHO: me }
    volumes: [data:/data]
    post_start:
      - { command: ["sh", "-c", "echo started $$WHO $$PWD $$OWN >> /data/log"], working_dir: /tmp, environment: { OWN: own } }
      - { command: sh -c 'echo again >> /data/log' }
    pre_stop:
      - { command: sh -c 'echo stopping >> /data/log' }
  later: { image: busybox, command: ${obedient('cat /data/log > /seen; :')}, volumes: [data:/data], depends_on: [app] }
volumes: { data: }
`);
    const log = async () => shop.out('exec', '-T', 'later', 'cat', '/data/log');
    await shop.out('up', '-d');
    const first = 'started me /tmp own\nagain';
    assert.equal(await log(), first);
    assert.equal(await shop.out('exec', '-T', 'later', 'cat', '/seen'), first);
    await shop.out('stop', 'app');
    assert.equal(await log(), `${first}\nstopping`);
    await shop.out('start', 'app');
    assert.equal(await log(), `${first}\nstopping\n${first}`);
    await shop.out('restart', 'app');
    assert.equal(await log(), `${first}\nstopping\n${first}\nstopping\n${first}`);
    shop.write(
      'compose.yaml',
      `services: { app: { image: busybox, command: ${obedient(':')}, post_start: [{ command: "sh -c 'echo no way; exit 3'" }] } }`,
    );
    const failed = await shop.run(['up', '-d', '--remove-orphans']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /ended with code 3: no way/);
  });

  it('builds with other services, directories, secrets and limits', async () => {
    await using shop = project(`
services:
  base: { build: { context: ., dockerfile_inline: "FROM busybox\\nRUN echo base > /base" } }
  app:
    command: ${obedient(':')}
    build:
      context: .
      additional_contexts: { base: "service:base", more: ./more }
      secrets: [token, { source: word, target: spoken }]
      ulimits: { nofile: { soft: 77, hard: 78 } }
      cache_to: ["type=local,dest=./cache,mode=max"]
      provenance: false
      dockerfile_inline: |
        FROM base
        COPY --from=more file /file
        RUN --mount=type=secret,id=token --mount=type=secret,id=spoken \\
          cat /base /file /run/secrets/token /run/secrets/spoken > /all; ulimit -n >> /all
secrets: { token: { file: ./token }, word: { environment: WORD } }
`);
    shop.write('token', 'token\n');
    fs.mkdirSync(`${shop.directory}/more`);
    shop.write('more/file', 'more\n');
    const { code, stderr } = await shop.run(['up', '-d', 'app'], { environment: { WORD: 'spoken\n' } });
    assert.equal(code, 0, stderr);
    assert.equal(await shop.out('exec', '-T', 'app', 'cat', '/all'), 'base\nmore\ntoken\nspoken\n77');
    assert.ok(fs.existsSync(`${shop.directory}/cache`));
    await engine().cli('dhow').out('rmi', '-f', `${shop.name}-app`, `${shop.name}-base`);
  });

  it('takes labels from files, a seccomp profile, links from outside, and what is for a swarm only', async () => {
    await engine().cli('dhow').out('run', '-d', '--name', 'outside', 'busybox', 'sleep', '1000');
    await using shop = project(`
services:
  app:
    image: busybox
    command: ${obedient(':')}
    network_mode: bridge
    label_file: ./labels
    labels: { own: over }
    external_links: ["outside:elsewhere"]
    security_opt: ["seccomp=./profile.json"]
    pids_limit: 50
    deploy: { placement: { constraints: [a==b] }, resources: { reservations: { cpus: "0.1", memory: 20M } }, update_config: { delay: 1s } }
`);
    shop.write('labels', 'own=file\nother=file\n');
    shop.write(
      'profile.json',
      '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO" }] }',
    );
    await shop.out('up', '-d');
    assert.equal(await shop.inspect('app-1', '.Config.Labels.own'), 'over');
    assert.equal(await shop.inspect('app-1', '.Config.Labels.other'), 'file');
    assert.equal(await shop.inspect('app-1', '.HostConfig.MemoryReservation'), '20971520');
    assert.match(await shop.out('exec', '-T', 'app', 'grep', 'elsewhere', '/etc/hosts'), /outside/);
    assert.equal((await shop.run(['exec', '-T', 'app', 'mkdir', '/made'])).code, 1);
    await shop.out('down', '-t', '0');
    await engine().cli('dhow').out('rm', '-f', 'outside');
  });

  it('gives the socket, and refuses what only a swarm has', async () => {
    await using shop = project(`
services:
  app: { image: busybox, command: ${obedient(':')}, use_api_socket: true }
`);
    await shop.out('create');
    assert.match(await shop.inspect('app-1', 'json .Mounts'), /\/var\/run\/docker\.sock/);
    assert.match(await shop.inspect('app-1', 'json .Config.Env'), /DOCKER_CONFIG=\/run\/secrets\/docker/);
    shop.write(
      'compose.yaml',
      'services: { app: { image: busybox, configs: [c] } }\nconfigs: { c: { external: true } }',
    );
    const { code, stderr } = await shop.run(['up', '-d']);
    assert.notEqual(code, 0);
    assert.match(stderr, /config "c" has "external", which only a swarm has/);
  });

  it('watch: copies, and runs what is to be run then', async () => {
    await using shop = project(`
services:
  app:
    image: busybox
    command: ${obedient(':')}
    develop:
      watch:
        - { action: sync+exec, path: ./src, target: /src, exec: { command: cp /src/file /taken } }
`);
    fs.mkdirSync(`${shop.directory}/src`);
    shop.write('src/file', 'one\n');
    const watcher = shop.start('watch');
    let told = '';
    watcher.stderr.on('data', (piece: Buffer) => (told += piece.toString()));
    await waitFor('the watch', () => told.includes('Watch enabled'));
    shop.write('src/file', 'two\n');
    await waitFor(
      'the command',
      async () => (await shop.run(['exec', '-T', 'app', 'cat', '/taken'])).stdout === 'two\n',
    );
    watcher.kill('SIGINT');
    await once(watcher, 'exit');
  });

  it('reads files of git repositories, by -f and by include, at the commit that is there', async () => {
    const root = fs.mkdtempSync(`${engine().directory}/git-`);
    const repository = `${root}/far`;
    const git = (...words: string[]) =>
      outputOf('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words]);
    fs.mkdirSync(`${repository}/deep`, { recursive: true });
    const write = (word: string) =>
      fs.writeFileSync(
        `${repository}/deep/compose.yaml`,
        `services: { far: { image: busybox, command: cat /file, volumes: ["./file:/file:ro"], labels: { word: ${word} } } }`,
      );
    write('one');
    fs.writeFileSync(`${repository}/deep/file`, 'from far\n');
    fs.symlinkSync('/etc/passwd', `${repository}/compose.yaml`);
    await git('init', '-q', '-b', 'main');
    await git('add', '.');
    await git('commit', '-qm', 'one');
    await git('tag', '-am', 'first', 'v1');
    write('two');
    await git('commit', '-qam', 'two');
    await using server = await serveGit(root);
    const address = `git://127.0.0.1:${server.port}/far`;
    const environment = { XDG_CACHE_HOME: `${root}/cache` };
    await using shop = project(`
include: ['${address}#v1:deep']
services: { near: { image: busybox, command: ${obedient(':')} } }
`);
    const up = await shop.run(['run', '--rm', '-T', 'far'], { environment });
    assert.equal(up.stdout, 'from far\n', up.stderr);
    const dhow = engine().cli('dhow');
    const word = async (path: string) =>
      (await dhow.run(['compose', '-f', `${address}#${path}`, 'config'], { environment })).stdout;
    assert.match(await word('v1:deep/compose.yaml'), /^name: deep$.*word: one/ms);
    assert.match(await word(':deep'), /word: two/);
    const failed = async (fragment: string) =>
      (await dhow.run(['compose', '-f', `${address}${fragment}`, 'config'], { environment })).stderr;
    assert.match(await failed(''), /is a link out of the repository/);
    assert.match(await failed('#gone'), /has no "gone"/);
    assert.match(await failed('#v1:nothing'), /there is no Compose file at/);
    fs.rmSync(`${root}/cache`, { recursive: true });
    shop.write('compose.yaml', `services: { near: { image: busybox, command: ${obedient(':')} } }`);
  });
});
