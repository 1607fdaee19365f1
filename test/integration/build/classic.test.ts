import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { build, failedBuild, writeFiles } from './build-context.ts';

/** What Docker's first builder does too: these scenarios hold on dockerd. */
describeEngine('build', ({ cli, engine, unique }) => {
  const context = (files: Record<string, string>): string =>
    writeFiles(fs.mkdtempSync(path.join(engine().directory, 'context-')), files);
  const idOf = (image: string): Promise<string> => cli.out('image', 'inspect', '--format', '{{.Id}}', image);
  const config = async (image: string): Promise<Record<string, unknown>> =>
    JSON.parse(await cli.out('image', 'inspect', '--format', '{{json .Config}}', image));

  it('runs commands, copies files and sets what containers start with', async () => {
    const name = unique('image');
    const directory = context({
      Dockerfile: [
        'FROM busybox',
        'LABEL purpose=test',
        'ENV GREETING="good morning" PATH=/bin',
        'WORKDIR /srv/app',
        'COPY files/ ./data/',
        'RUN cat data/a > sum && cat data/deep/b >> sum && echo "$GREETING" >> sum',
        'USER alice',
        'EXPOSE 80 53/udp',
        'VOLUME /data',
        'STOPSIGNAL SIGINT',
        'ENTRYPOINT ["/bin/cat"]',
        'CMD ["sum"]',
      ].join('\n'),
      'files/a': 'a\n',
      'files/deep/b': 'b\n',
    });
    const output = await build(cli, ['-t', name, directory]);
    assert.match(output, /RUN cat data/);
    assert.equal(await cli.out('run', '--rm', name), 'a\nb\ngood morning');
    assert.equal(await cli.out('run', '--rm', '--entrypoint', '/bin/id', name, '-un'), 'alice');
    const { Env, WorkingDir, User, ExposedPorts, Volumes, StopSignal, Labels } = await config(name);
    assert.deepEqual(
      { Env, WorkingDir, User, ExposedPorts, Volumes, StopSignal, Labels },
      {
        Env: ['PATH=/bin', 'GREETING=good morning'],
        WorkingDir: '/srv/app',
        User: 'alice',
        ExposedPorts: { '53/udp': {}, '80/tcp': {} },
        Volumes: { '/data': {} },
        StopSignal: 'SIGINT',
        Labels: { purpose: 'test' },
      },
    );
  });

  it('does nothing twice: a rebuild gives the same image, and a change only what comes after it', async () => {
    const name = unique('cached');
    const directory = context({
      Dockerfile:
        'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /early\nCOPY f /f\nRUN cat /proc/sys/kernel/random/uuid > /late\n',
      f: '1',
    });
    await build(cli, ['-t', name, directory]);
    const first = await idOf(name);
    const files = (): Promise<string> => cli.out('run', '--rm', name, 'cat', '/early', '/late');
    const [early, late] = (await files()).split('\n');
    fs.utimesSync(path.join(directory, 'f'), new Date(), new Date());
    await build(cli, ['-t', name, directory]);
    assert.equal(await idOf(name), first, 'a time stamp is no change');
    fs.writeFileSync(path.join(directory, 'f'), '2');
    await build(cli, ['-t', name, directory]);
    const [earlyAgain, lateAgain] = (await files()).split('\n');
    assert.equal(earlyAgain, early);
    assert.notEqual(lateAgain, late);
    await build(cli, ['--no-cache', '-t', name, directory]);
    assert.notEqual((await files()).split('\n')[0], early);
  });

  it('a mode is a change', async () => {
    const name = unique('mode');
    const directory = context({ Dockerfile: 'FROM busybox\nCOPY f /f\n', f: 'x' });
    await build(cli, ['-t', name, directory]);
    fs.chmodSync(path.join(directory, 'f'), 0o755);
    await build(cli, ['-t', name, directory]);
    assert.match(await cli.out('run', '--rm', name, 'ls', '-l', '/f'), /^-rwxr-xr-x/);
  });

  it('keeps what .dockerignore names out of the context', async () => {
    const name = unique('ignore');
    const directory = context({
      Dockerfile: 'FROM busybox\nCOPY . /context/\n',
      '.dockerignore': '# comment\n**/*.log\nnode_modules\n!keep.log\n.dockerignore\nDockerfile\n',
      'a.txt': '',
      'b.log': '',
      'sub/c.log': '',
      'sub/node_modules/d': '',
      'node_modules/e': '',
      'keep.log': '',
    });
    await build(cli, ['-t', name, directory]);
    const found = await cli.out('run', '--rm', name, 'find', '/context', '-type', 'f');
    assert.deepEqual(found.split('\n').sort(), [
      '/context/a.txt',
      '/context/keep.log',
      '/context/sub/node_modules/d',
    ]);
  });

  it('builds what the target needs and nothing else', async () => {
    const name = unique('target');
    const directory = context({
      Dockerfile: [
        'FROM busybox AS tools',
        'RUN echo tool > /tool',
        'FROM busybox AS broken',
        'RUN exit 1',
        'FROM tools AS wanted',
        'RUN cat /tool > /used',
        'FROM broken',
      ].join('\n'),
    });
    // dockerd's first builder builds all stages before the target.
    if (engine().kind === 'dhow') {
      await build(cli, ['--target', 'Wanted', '-t', name, directory]);
      assert.equal(await cli.out('run', '--rm', name, 'cat', '/used'), 'tool');
    }
    const { output } = await failedBuild(cli, [directory]);
    assert.match(output, /non-zero code: 1/);
  });

  it('copies from stages by name and number, and from images', async () => {
    const name = unique('stages');
    const directory = context({
      Dockerfile: [
        'FROM busybox AS one',
        'RUN mkdir /out && echo 1 > /out/one && ln -s one /out/link',
        'FROM busybox',
        'RUN echo 2 > /two',
        'FROM scratch',
        'COPY --from=busybox /bin /bin',
        'COPY --from=one /out /out/',
        'COPY --from=1 /two /two',
      ].join('\n'),
    });
    await build(cli, ['-t', name, directory]);
    assert.equal(await cli.out('run', '--rm', name, '/bin/sh', '-c', 'cat /out/link /two'), '1\n2');
  });

  it('takes build arguments, and platform arguments where they are declared', async () => {
    const name = unique('arguments');
    const directory = context({
      Dockerfile: [
        'ARG BASE=nothing',
        'FROM $BASE',
        'ARG A=default',
        'ARG B=default',
        'ENV C=$B-env',
        'RUN echo "$A $B $C" > /values',
      ].join('\n'),
    });
    await build(cli, ['--build-arg', 'BASE=busybox', '--build-arg', 'A=given', '-t', name, directory]);
    assert.equal(await cli.out('run', '--rm', name, 'cat', '/values'), 'given default default-env');
  });

  it('a command that fails ends the build with its code, and leaves nothing', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo said; echo complained >&2; exit 42\n' });
    const before = await cli.out('images', '-aq');
    const { code, output } = await failedBuild(cli, ['-t', unique('failed'), directory]);
    assert.equal(code, 42);
    assert.match(output, /said/);
    assert.match(output, /complained/);
    assert.match(
      output,
      /The command '\/bin\/sh -c echo said; echo complained >&2; exit 42' returned a non-zero code: 42/,
    );
    if (engine().kind === 'dhow') {
      assert.equal(await cli.out('ps', '-aq'), '');
      assert.equal(await cli.out('images', '-aq'), before);
    }
  });

  it('mistakes are told before anything runs', async () => {
    const { output } = await failedBuild(cli, [
      context({ Dockerfile: 'FROM busybox\nRUN touch /x\nCOPPY a b\n' }),
    ]);
    assert.match(output, /unknown instruction/i);
    assert.match(output, /COPPY/);
    const missing = await failedBuild(cli, [context({ Dockerfile: 'FROM busybox\nCOPY nowhere /x\n' })]);
    assert.match(missing.output, /nowhere/);
    await failedBuild(cli, [context({ other: '' })]);
    await failedBuild(cli, ['--target', 'none', context({ Dockerfile: 'FROM busybox AS some\n' })]);
  });

  it('reads the Dockerfile from standard input, with and without a context, and a whole archive', async () => {
    const [alone, beside, packed] = [unique('alone'), unique('beside'), unique('packed')];
    await build(cli, ['-t', alone, '-'], { input: 'FROM busybox\nRUN echo alone > /f\n' });
    assert.equal(await cli.out('run', '--rm', alone, 'cat', '/f'), 'alone');
    const directory = context({ f: 'beside' });
    await build(cli, ['-t', beside, '-f', '-', directory], { input: 'FROM busybox\nCOPY f /f\n' });
    assert.equal(await cli.out('run', '--rm', beside, 'cat', '/f'), 'beside');
    writeFiles(directory, { 'sub/Other': 'FROM busybox\nCOPY f /f\n' });
    const file = path.join(engine().directory, `${packed}.tgz`);
    await outputOf('tar', ['-czf', file, '-C', directory, '.']);
    await build(cli, ['-t', packed, '-f', 'sub/Other', '-'], { input: fs.readFileSync(file) });
    assert.equal(await cli.out('run', '--rm', packed, 'cat', '/f'), 'beside');
  });

  it('gives several names and labels, and writes the id to a file', async () => {
    const [one, two] = [unique('one'), `${unique('two')}:v1`];
    const iidfile = path.join(engine().directory, unique('iid'));
    const directory = context({ Dockerfile: 'FROM busybox\nRUN true\n' });
    await build(cli, ['-t', one, '-t', two, '--label', 'a=b', '--iidfile', iidfile, directory]);
    assert.equal(fs.readFileSync(iidfile, 'utf8').trim(), await idOf(one));
    assert.equal(await idOf(one), await idOf(two));
    assert.deepEqual((await config(one))['Labels'], { a: 'b' });
  });

  it('-q prints the id alone', async () => {
    const directory = context({ Dockerfile: 'FROM busybox\nRUN echo noise\n' });
    const { stdout } = await cli.run(['build', '-q', directory], { environment: { DOCKER_BUILDKIT: '0' } });
    assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/);
  });

  it('runs the triggers of a base image', async () => {
    const [base, derived] = [unique('base'), unique('derived')];
    await build(cli, ['-t', base, '-'], {
      input: 'FROM busybox\nONBUILD COPY f /f\nONBUILD RUN cat /f > /g\n',
    });
    await build(cli, [
      '-t',
      derived,
      context({ Dockerfile: `FROM ${base}\nRUN echo after >> /g\n`, f: 'triggered\n' }),
    ]);
    assert.equal(await cli.out('run', '--rm', derived, 'cat', '/g'), 'triggered\nafter');
    assert.ok(!(await config(derived))['OnBuild']);
  });

  it('unpacks local archives with ADD, and copies them with COPY', async () => {
    const name = unique('archive');
    const directory = context({ 'tree/a': 'a', 'tree/sub/b': 'b' });
    await outputOf('tar', [
      '-czf',
      path.join(directory, 't.tar.gz'),
      '-C',
      path.join(directory, 'tree'),
      '.',
    ]);
    writeFiles(directory, { Dockerfile: 'FROM busybox\nADD t.tar.gz /added/\nCOPY t.tar.gz /copied/\n' });
    await build(cli, ['-t', name, directory]);
    assert.equal(
      await cli.out('run', '--rm', name, 'sh', '-c', 'cat /added/a /added/sub/b; ls /copied'),
      'abt.tar.gz',
    );
  });

  it('--chown knows the users of the image', async () => {
    const name = unique('chown');
    const directory = context({
      Dockerfile:
        'FROM busybox\nCOPY --chown=alice:staff d /d\nCOPY --chown=12:34 d/f /f\nCOPY d/f /root-owned\n',
      'd/f': '',
    });
    await build(cli, ['-t', name, directory]);
    assert.equal(
      await cli.out('run', '--rm', name, 'stat', '-c', '%u:%g', '/d', '/d/f', '/f', '/root-owned'),
      '1000:50\n1000:50\n12:34\n0:0',
    );
  });

  it('deletes, replaces and links files as the commands did', async () => {
    const name = unique('changes');
    const directory = context({
      Dockerfile: [
        'FROM busybox',
        'RUN mkdir /d && echo 1 > /d/a && echo 2 > /d/b && ln /d/a /d/hard',
        'RUN rm /d/a && rm -r /home && mkdir /home && echo new > /home/new',
        'RUN chmod 0700 /d && mv /d/b /d/c',
      ].join('\n'),
    });
    await build(cli, ['-t', name, directory]);
    assert.equal(
      await cli.out('run', '--rm', name, 'sh', '-c', 'ls /d /home; cat /d/hard; stat -c %a /d'),
      '/d:\nc\nhard\n\n/home:\nnew\n1\n700',
    );
  });

  it('the image can be saved, removed and loaded', async () => {
    const name = unique('saved');
    const directory = context({
      Dockerfile: 'FROM busybox\nRUN echo kept > /f; rm /etc/group\nCOPY f /g\n',
      f: 'g',
    });
    await build(cli, ['--no-cache', '-t', name, directory]);
    const id = await idOf(name);
    const file = path.join(engine().directory, `${name}.tar`);
    await cli.out('save', '-o', file, name);
    await cli.out('rmi', name);
    await cli.out('load', '-i', file);
    assert.equal(await idOf(name), id);
    assert.equal(
      await cli.out('run', '--rm', name, 'sh', '-c', 'cat /f /g; ls -d /etc/group /etc/passwd 2>&1; true'),
      'kept\ngls: /etc/group: No such file or directory\n/etc/passwd',
    );
  });
});
