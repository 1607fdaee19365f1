import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import Docker from 'dockerode';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';
import { build, buildLeftovers, failedBuild, writeFiles } from './build-context.ts';

describe('builds of a daemon', () => {
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
  const nothingLeft = (): boolean => buildLeftovers(daemon).length === 0;

  it('secrets are files or variables of one command, and in no layer, history or cache key', async () => {
    const file = path.join(daemon.directory, 'secret');
    fs.writeFileSync(file, 'hush-hush');
    const directory = context({
      Dockerfile: [
        'FROM busybox',
        'RUN --mount=type=secret,id=file,required,mode=0440,gid=50 echo "file: $(cat /run/secrets/file) $(stat -c %a:%g /run/secrets/file)" | sed s/hush-hush/seen/',
        'RUN --mount=type=secret,id=var,env=TOKEN echo "variable: $TOKEN" | sed s/top-secret/seen/',
        'RUN echo "after: $TOKEN $(ls /run/secrets 2>&1)"',
      ].join('\n'),
    });
    const args = [
      '-t',
      'with-secrets',
      '--secret',
      `id=file,src=${file}`,
      '--secret',
      'id=var,env=A_TOKEN',
      directory,
    ];
    const output = await build(dhow, args, { environment: { A_TOKEN: 'top-secret' } });
    assert.match(output, /file: seen 440:50/);
    assert.match(output, /variable: seen/);
    assert.match(output, /after: +ls: \/run\/secrets: No such file/);
    assert.doesNotMatch(await dhow.out('image', 'inspect', 'with-secrets'), /hush-hush|top-secret/);
    fs.writeFileSync(file, 'other');
    assert.match(await build(dhow, args, { environment: { A_TOKEN: 'x' } }), /CACHED/);
    const missing = await failedBuild(dhow, [
      context({ Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=no,required true\n' }),
    ]);
    assert.match(missing.output, /secret "no" was not given/);
  });

  it('--ssh gives a command an agent for keys in files', async () => {
    const key = path.join(daemon.directory, 'key');
    await outputOf('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const directory = context({
      Dockerfile: [
        'FROM busybox',
        'RUN --mount=type=ssh,id=deploy,required test -S "$SSH_AUTH_SOCK" && echo "agent at $SSH_AUTH_SOCK"',
        'RUN test -z "$SSH_AUTH_SOCK"',
        '',
      ].join('\n'),
    });
    assert.match(await build(dhow, ['--ssh', `deploy=${key}`, directory]), /agent at \/run\/buildkit\//);
    assert.match((await failedBuild(dhow, ['--no-cache', directory])).output, /build with --ssh deploy/);
  });

  it('a client that goes away ends its build at once, with all that it started', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo begun; sleep 1000\n' });
    const child = dhow.start(['build', '--progress=plain', directory]);
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await waitFor('the command', () => output.includes('begun'));
    child.kill('SIGKILL');
    await waitFor('the end of the build', nothingLeft);
  });

  it('a daemon that is killed leaves nothing that the next one does not remove, and keeps the steps that were done', async () => {
    const directory = context({
      Dockerfile: 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /u\nRUN echo second; sleep 1000\n',
    });
    const child = dhow.start(['build', '--progress=plain', directory]);
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', () => {});
    await waitFor('the second command', () => output.includes('second\n'));
    assert.ok(!nothingLeft());
    await daemon.kill9();
    await daemon.start();
    await waitFor('the clean-up', nothingLeft);
    fs.writeFileSync(
      path.join(directory, 'Dockerfile'),
      'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /u\n',
    );
    assert.match(await build(dhow, [directory]), /CACHED/);
  });

  it('two builds of the same at the same time run each step once', async () => {
    const directory = context({
      Dockerfile: 'FROM busybox\nRUN sleep 0.5; cat /proc/sys/kernel/random/uuid > /u\n',
    });
    await Promise.all([build(dhow, ['-t', 'twice:a', directory]), build(dhow, ['-t', 'twice:b', directory])]);
    const [a, b] = await Promise.all(
      ['a', 'b'].map((tag) => dhow.out('run', '--rm', `twice:${tag}`, 'cat', '/u')),
    );
    assert.equal(a, b);
  });

  it('--no-cache-filter builds a stage anew, and leaves the others', async () => {
    const uuid = 'cat /proc/sys/kernel/random/uuid';
    const directory = context({
      Dockerfile: `FROM busybox AS one\nRUN ${uuid} > /u\nFROM busybox AS two\nRUN ${uuid} > /u\nFROM scratch\nCOPY --from=busybox / /\nCOPY --from=one /u /one\nCOPY --from=two /u /two\n`,
    });
    const values = async (): Promise<string[]> =>
      (await dhow.out('run', '--rm', 'filtered', 'cat', '/one', '/two')).split('\n');
    await build(dhow, ['-t', 'filtered', directory]);
    const before = await values();
    await build(dhow, ['-t', 'filtered', '--no-cache-filter', 'two', directory]);
    const later = await values();
    assert.equal(later[0], before[0]);
    assert.notEqual(later[1], before[1]);
  });

  it('--check finds mistakes without building', async () => {
    const clean = await build(dhow, ['--check', context({ Dockerfile: 'FROM busybox\nRUN exit 1\n' })]);
    assert.match(clean, /no warnings/);
    const { code, output } = await failedBuild(dhow, [
      '--check',
      context({ Dockerfile: 'from busybox\nRUN a\nRUN b\nCMD x\n' }),
    ]);
    assert.equal(code, 1);
    assert.match(output, /Dockerfile:1: ConsistentInstructionCasing/);
    assert.match(output, /Dockerfile:4: JSONArgsRecommended/);
    const strict = await failedBuild(dhow, [
      context({ Dockerfile: '# check=error=true\nFROM busybox\nCMD x\n' }),
    ]);
    assert.match(strict.output, /check=error=true/);
  });

  it('limits reach the commands', async () => {
    const directory = context({
      Dockerfile:
        'FROM busybox\nRUN cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2> /dev/null; true\nRUN echo "files $(ulimit -n) shm $(df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2)"; grep added /etc/hosts\n',
    });
    const output = await build(dhow, [
      '--ulimit',
      'nofile=321:321',
      '--shm-size',
      '8m',
      '--memory',
      '77m',
      '--add-host',
      'added:10.1.2.3',
      directory,
    ]);
    assert.match(output, /files 321 shm 8192/);
    assert.match(output, new RegExp(`\\b${77 * 1024 * 1024}\\b`));
    assert.match(output, /10\.1\.2\.3\s+added/);
  });

  it('builds in the network of a container', async () => {
    await dhow.out(
      'run',
      '-d',
      '--name',
      'server',
      '--add-host',
      'known:10.9.8.7',
      'busybox',
      'sh',
      '-c',
      'mkdir /w; echo served > /w/f; exec httpd -f -p 127.0.0.1:8080 -h /w',
    );
    const directory = context({
      Dockerfile:
        'FROM busybox\nRUN for i in $(seq 50); do wget -qO- http://127.0.0.1:8080/f && break; sleep 0.1; done; grep known /etc/hosts\n',
    });
    assert.match(await build(dhow, ['--network', 'container:server', directory]), /served[\s\S]*10\.9\.8\.7/);
    await dhow.out('stop', '-t', '0', 'server');
    const stopped = await failedBuild(dhow, ['--no-cache', '--network', 'container:server', directory]);
    assert.match(stopped.output, /the container server: it is not running/);
    const none = await failedBuild(dhow, ['--no-cache', '--network', 'container:none', directory]);
    assert.match(none.output, /No such container: none/);
    await dhow.out('rm', 'server');
  });

  it('commands on a network find its containers by name', async () => {
    await dhow.out('network', 'create', 'siblings');
    await dhow.out('run', '-d', '--name', 'sibling', '--network', 'siblings', 'busybox', 'sleep', '1000');
    const format = '{{.NetworkSettings.Networks.siblings.IPAddress}}';
    const address = await dhow.out('inspect', '--format', format, 'sibling');
    const directory = context({ Dockerfile: 'FROM busybox\nRUN nslookup sibling\n' });
    assert.match(await build(dhow, ['--network', 'siblings', directory]), new RegExp(`Address: +${address}`));
    await dhow.out('rm', '-f', 'sibling');
    await dhow.out('network', 'rm', 'siblings');
  });

  it('dockerode reads the stream', async () => {
    const docker = new Docker({ socketPath: daemon.socket });
    const directory = context({
      Dockerfile: 'FROM busybox\nCOPY f /f\nRUN cat /f\n',
      f: 'through dockerode\n',
    });
    const stream = await docker.buildImage(
      { context: directory, src: ['Dockerfile', 'f'] },
      { t: 'by-dockerode' },
    );
    const messages = await new Promise<{ stream?: string; aux?: { ID: string } }[]>((resolve, reject) =>
      docker.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output))),
    );
    assert.ok(messages.some(({ stream: text }) => text?.includes('through dockerode')));
    const id = messages.find(({ aux }) => aux)?.aux?.ID;
    assert.equal((await docker.getImage('by-dockerode').inspect()).Id, id);
  });

  it('--keep-failed makes an image of what a command left, in which one can look around', async () => {
    const directory = context({
      Dockerfile: 'FROM busybox\nENV WHERE=here\nWORKDIR /w\nRUN echo left > f; exit 3\n',
    });
    const { output } = await failedBuild(dhow, ['--keep-failed', directory]);
    const id = /run --rm -it ([0-9a-f]{12})/.exec(output)?.[1] ?? '';
    assert.equal(await dhow.out('run', '--rm', id, 'sh', '-c', 'echo $WHERE; cat f'), 'here\nleft');
    await dhow.out('rmi', id);
    assert.match((await failedBuild(dhow, [directory])).output, /build with --keep-failed/);
  });

  it('--output gives files in a directory, a tar or an archive, and keeps no image', async () => {
    const directory = context({
      Dockerfile:
        'FROM busybox AS made\nRUN mkdir -p /o/d && echo made > /o/d/f && ln -s d/f /o/l\nFROM scratch\nCOPY --from=made /o /\n',
    });
    const before = await dhow.out('images', '-aq');
    const target = path.join(daemon.directory, 'output');
    await build(dhow, ['-o', target, directory]);
    assert.equal(fs.readFileSync(path.join(target, 'd/f'), 'utf8'), 'made\n');
    assert.equal(fs.readlinkSync(path.join(target, 'l')), 'd/f');
    const file = path.join(daemon.directory, 'output.tar');
    await build(dhow, ['-o', `type=tar,dest=${file}`, directory]);
    assert.match(await outputOf('tar', ['-tf', file]), /^d\/f$/m);
    assert.equal(await dhow.out('images', '-aq'), before);
    await build(dhow, ['-t', 'named:v1', directory]);
    await build(dhow, ['-o', target, directory]);
    assert.equal(await dhow.out('image', 'inspect', '-f', '{{index .RepoTags 0}}', 'named:v1'), 'named:v1');
    await build(dhow, ['-o', `type=docker,dest=${file}`, '-t', 'archived:v1', directory]);
    await dhow.out('rmi', 'archived:v1');
    assert.match(await dhow.out('load', '-i', file), /archived:v1/);
  });

  it('--progress=rawjson tells every event in a line', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo told\n' });
    const { code, stderr } = await dhow.run(['build', '--no-cache', '--progress=rawjson', directory]);
    assert.equal(code, 0, stderr);
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text?: string });
    assert.deepEqual([...new Set(events.map(({ type }) => type))].sort(), [
      'done',
      'image',
      'log',
      'plan',
      'started',
    ]);
    assert.ok(events.some(({ text }) => text === 'told\n'));
  });

  it('a terminal shows steps, and at the end all of them', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo shown-on-terminal; sleep 0.5\n' });
    const { code, stdout, stderr } = await dhow.run(['build', '--no-cache', '--progress=tty', directory]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /\[\+\] Building/);
    assert.match(stderr, /=> # shown-on-terminal/);
    assert.match(stderr, /=> \[stage-0 2\/2\] RUN echo/);
  });
});
