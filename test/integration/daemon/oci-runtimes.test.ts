import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

describe('the OCI runtimes of a daemon', () => {
  let daemon: Daemon;
  let directory: string;
  /** A line for each time that the added runtime was called. */
  let calls: string;
  before(async () => {
    directory = fs.mkdtempSync('/tmp/dhow-test-runtimes-');
    calls = path.join(directory, 'calls');
    const own = path.join(directory, 'own');
    fs.writeFileSync(own, `#!/bin/sh\necho "$@" >>${calls}\nexec runc "$@"\n`, { mode: 0o755 });
    daemon = await startDaemon({
      args: ['--add-runtime', `own=${own}`, '--add-runtime', `lost=${directory}/lost`],
    });
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    fs.rmSync(directory, { recursive: true });
  });

  const inspect = (cli: Cli, name: string): Promise<string> =>
    cli.out('inspect', '-f', '{{.HostConfig.Runtime}} {{.State.Status}}', name);

  for (const client of ['docker', 'dhow'] as const) {
    it(`are chosen by container (${client})`, async () => {
      const cli = daemon.cli(client);
      const name = `own-${client}`;
      fs.rmSync(calls, { force: true });
      await cli.out('run', '-d', '--name', name, '--runtime', 'own', 'busybox', 'sleep', '1000');
      assert.match(fs.readFileSync(calls, 'utf8'), /create --bundle[\s\S]* start /);
      assert.equal(await inspect(cli, name), 'own running');
      assert.equal(await cli.out('exec', name, 'echo', 'within'), 'within');
      assert.match(fs.readFileSync(calls, 'utf8'), / exec /);
      await daemon.kill9();
      await daemon.start();
      assert.equal(await cli.out('exec', name, 'echo', 'later'), 'later');
      await cli.out('pause', name);
      assert.equal(await inspect(cli, name), 'own paused');
      await cli.out('unpause', name);
      await cli.out('restart', '-t', '0', name);
      assert.equal(await inspect(cli, name), 'own running');
      await cli.out('rm', '-f', name);
    });

    for (const runtime of ['runc', 'crun', 'io.containerd.runc.v2']) {
      it(`include ${runtime} by its name (${client})`, async () => {
        const cli = daemon.cli(client);
        assert.equal(await cli.out('run', '--rm', '--runtime', runtime, 'busybox', 'echo', 'made'), 'made');
      });
    }

    it(`that are unknown are refused with the known ones (${client})`, async () => {
      const { code, stderr } = await daemon.cli(client).run(['run', '--runtime', 'kata', 'busybox', 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /unknown or invalid runtime name: kata \(known: crun, runc, own, lost\)/);
      assert.equal(await daemon.cli(client).out('ps', '-aq'), '');
    });

    it(`that have no program are refused by its name (${client})`, async () => {
      const { code, stderr } = await daemon.cli(client).run(['run', '--runtime', 'lost', 'busybox', 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /the runtime lost has no program: \/tmp\/.*\/lost cannot be run/);
    });
  }

  it('are listed by info', async () => {
    const names = await daemon
      .cli('docker')
      .out('info', '-f', '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}');
    assert.deepEqual(names.split(' '), ['crun', 'lost', 'own', 'runc']);
  });
});
