import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('a client whose daemon is killed', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  for (const name of cliNames) {
    it(`${name} run -it ends, says so, and gives the terminal back`, async () => {
      const cli = daemon.cli(name);
      const container = `terminal-${name}`;
      await using terminal = cli.terminal(['run', '-it', '--name', container, 'busybox', 'sh']);
      const before = terminal.attributes();
      await terminal.expect(/# /);
      assert.notEqual(terminal.attributes(), before);
      await daemon.kill9();
      assert.notEqual(await terminal.exit(), 0);
      assert.equal(terminal.attributes(), before);

      await daemon.start();
      await using again = cli.terminal(['attach', container]);
      again.type('\r');
      await again.expect(/# /);
      again.type('echo $((40 + 2)); exit 7\r');
      await again.expect(/\r\n42\r\n/);
      assert.equal(await again.exit(), 7);
    });

    it(`${name} run, logs -f, wait and events end with an error`, async () => {
      const cli = daemon.cli(name);
      const container = `followed-${name}`;
      const counting = ['busybox', 'sh', '-c', 'while :; do echo line; sleep 0.1; done'];
      const run = cli.start(['run', '--name', container, ...counting]);
      await once(run.stdout, 'data');
      const logs = cli.start(['logs', '-f', container]);
      await once(logs.stdout, 'data');
      const wait = cli.start(['wait', container]);
      const events = cli.start(['events']);
      let told = false;
      events.stdout.once('data', () => {
        told = true;
      });
      // Events are told from the moment that they are asked for, which nobody is told of.
      await waitFor('the first event', async () => {
        await cli.out('exec', container, 'true');
        return told;
      });
      const ended = [run, wait].map((child) => once(child, 'exit'));
      const over = [logs, events].map((child) => once(child, 'exit'));
      await daemon.kill9();
      for (const [code] of await Promise.all(ended)) assert.notEqual(code, 0);
      await Promise.all(over);
      await daemon.start();
      assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', container), 'true');
      await cli.out('rm', '-f', container);
    });
  }

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    it(`dhow run -it --sig-proxy=false that is told to end by ${signal} gives the terminal back and leaves the container running`, async () => {
      const cli = daemon.cli('dhow');
      const container = `told-${signal.toLowerCase()}`;
      await using terminal = cli.terminal([
        ...['run', '-it', '--sig-proxy=false', '--name', container, 'busybox', 'sh'],
      ]);
      const before = terminal.attributes();
      await terminal.expect(/# /);
      terminal.kill(signal);
      assert.notEqual(await terminal.exit(), 0);
      assert.equal(terminal.attributes(), before);
      assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', container), 'true');
      await cli.out('rm', '-f', container);
    });
  }
});
