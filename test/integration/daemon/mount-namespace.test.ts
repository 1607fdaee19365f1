import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cli, dhowProgram } from '../../support/cli.ts';
import { runCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { createScratch, type Scratch } from '../../support/scratch.ts';

/** As when a service manager gives each start of the daemon a mount namespace of its own. */
describe('a daemon in another mount namespace than the one before', () => {
  let scratch: Scratch;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    scratch = createScratch();
    daemon = await startDaemon({
      program: wrapper('unshare --mount --propagation slave'),
    });
    docker = daemon.cli('docker');
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    scratch?.remove();
  });

  /** A `dhow` that another program runs. */
  function wrapper(prefix: string): string {
    const file = path.join(scratch.directory, `dhow-${prefix.split(' ', 1)}`);
    fs.writeFileSync(file, `#!/bin/sh\nexec ${prefix} ${dhowProgram} "$@"\n`, { mode: 0o755 });
    return file;
  }

  it('does not start while containers run whose file systems it would not see, and says where it would', async () => {
    await docker.out('run', '-d', '--name', 'hidden', 'busybox', 'sleep', '1000');
    const identity = ['inspect', '-f', '{{.State.Pid}} {{.NetworkSettings.IPAddress}}', 'hidden'];
    const known = await docker.out(...identity);
    await daemon.stop();
    const { code, stderr } = await runCommand(dhowProgram, ['daemon', ...daemon.args]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /file systems of running containers \(hidden\) are mounted in another mount namespace/,
    );
    const [remedy = ''] = /nsenter --mount --target \d+/.exec(stderr) ?? [];
    await daemon.start(wrapper(remedy));
    assert.equal(await docker.out(...identity), known);
    assert.equal(await docker.out('exec', 'hidden', 'echo', 'inside'), 'inside');
    await docker.out('cp', 'hidden:/bin/busybox', path.join(scratch.directory, 'copy'));
    await docker.out('rm', '-f', 'hidden');
    await daemon.stop();
    await daemon.start(dhowProgram);
  });
});
