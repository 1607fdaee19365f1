import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, dhowProgram, repository } from '../support/cli.ts';
import { outputOf } from '../support/command.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';

/** The first version from which there is a way to later ones. */
const commit = process.env['DHOW_UPGRADE_FROM'] ?? 'fa32030';

/** Containers of an earlier version go on under this one. */
describe(`an upgrade from ${commit} under running containers`, () => {
  let scratch: Scratch;
  let daemon: Daemon;
  let docker: Cli;
  let known = '';
  const running = ['counts', 'paused', 'own', 'terminal'];
  const identity = (): Promise<string> =>
    docker.out(
      ...['inspect', '-f'],
      '{{.Id}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      ...running,
    );

  before(async () => {
    scratch = createScratch();
    const old = path.join(scratch.directory, 'old');
    await outputOf('git', ['clone', '--quiet', '--no-checkout', repository, old]);
    await outputOf('git', ['-C', old, 'checkout', '--quiet', commit]);
    await outputOf('cp', ['-a', path.join(repository, 'node_modules'), old]);
    await outputOf(path.join(old, 'tools/node'), ['tools/build.mjs'], { directory: old, timeoutMs: 120_000 });
    daemon = await startDaemon({ program: path.join(old, 'bin/dhow') });
    docker = daemon.cli('docker');
    await importBase(daemon);
    await docker.out('network', 'create', '--subnet', '10.213.77.0/24', 'mine');
    const counting =
      'trap "exit 40" TERM; i=0; while :; do i=$((i+1)); echo line $i; echo $i >/data/count; sleep 0.1; done';
    await docker.out('run', '-d', '--name', 'counts', '-v', 'data:/data', 'busybox', 'sh', '-c', counting);
    await docker.out('run', '-d', '--name', 'paused', 'busybox', 'sleep', '1000');
    await docker.out('pause', 'paused');
    await docker.out('run', '-d', '--name', 'own', '--network', 'mine', 'busybox', 'sleep', '1000');
    await docker.out('run', '-d', '-it', '--name', 'terminal', 'busybox', 'sh');
    await docker.out(
      'run',
      '-d',
      '--name',
      'ends',
      'busybox',
      'sh',
      '-c',
      'trap "exit 41" TERM; while :; do sleep 0.1; done',
    );
    await waitFor('lines', async () => (await docker.out('logs', 'counts')).includes('line 3'));
    known = await identity();
    const ending = Number(await docker.out('inspect', '-f', '{{.State.Pid}}', 'ends'));
    await daemon.kill9();
    process.kill(ending, 'SIGTERM');
    await waitFor('the end of one of them', () => !fs.existsSync(`/proc/${ending}`));
    await daemon.start(dhowProgram);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    scratch?.remove();
  });

  it('finds them as they were', async () => {
    assert.equal(await identity(), known);
    assert.equal(await docker.out('inspect', '-f', '{{.State.ExitCode}}', 'ends'), '41');
  });

  it('works in them, and follows their logs', async () => {
    assert.equal(await docker.out('exec', 'own', 'echo', 'inside'), 'inside');
    const seen = (await docker.out('logs', 'counts')).split('\n').length;
    const lines = await waitFor('more lines', async () => {
      const now = (await docker.out('logs', 'counts')).split('\n');
      return now.length > seen && now;
    });
    assert.deepEqual(
      lines,
      lines.map((_, index) => `line ${index + 1}`),
    );
  });

  it('stops, starts, thaws and removes them', async () => {
    await docker.out('unpause', 'paused');
    await docker.out('stop', 'counts');
    assert.equal(await docker.out('inspect', '-f', '{{.State.ExitCode}}', 'counts'), '40');
    await docker.out('start', 'counts', 'ends');
    await docker.out('exec', 'counts', 'test', '-s', '/data/count');
    await docker.out('rm', '-f', ...running, 'ends');
    await docker.out('network', 'rm', 'mine');
    await docker.out('volume', 'rm', 'data');
  });
});
