import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

/** Of a container that tells the signals that it gets. */
const telling = [
  'sh',
  '-c',
  'for name in INT TERM USR1; do trap "echo got $name; exit 4" $name; done; echo ready; while :; do sleep 0.05; done',
];

describeEngine('leaving a terminal', ({ cli, engine, unique }) => {
  it('ends attach and exec with 1, run and start with 0, and leaves the process running', async () => {
    const name = unique('leave');
    for (const [form, words, code] of [
      ['run', ['-it', '--name', name, 'busybox', 'sh'], 0],
      ['attach', [name], 1],
      ['exec', ['-it', name, 'sh'], 1],
      ['start', ['-ai', name], 0],
    ] as [string, string[], number][]) {
      if (form === 'start') await cli.out('kill', name);
      await using terminal = cli.terminal([form, ...words]);
      const before = terminal.attributes();
      await terminal.expect(/# /);
      terminal.type('\x10\x11');
      assert.equal(await terminal.exit(), code, form);
      assert.equal(terminal.attributes(), before);
      assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');
    }
    await cli.out('rm', '-f', name);
  });

  it('attach makes a shell show its prompt again', async () => {
    const name = unique('prompt');
    await cli.out('run', '-dit', '--name', name, 'busybox', 'sh');
    for (let time = 0; time < 2; time++) {
      await using terminal = cli.terminal(['attach', name]);
      await terminal.expect(/# /);
      terminal.type('\x10\x11');
      await terminal.exit();
    }
    await cli.out('rm', '-f', name);
  });

  it('the keys come from config.json, unless they are given', async () => {
    const name = unique('keys');
    const file = path.join(engine().directory, 'config/config.json');
    fs.writeFileSync(file, JSON.stringify({ detachKeys: 'ctrl-e,e' }));
    try {
      for (const [words, keys] of [
        [['run', '-it', '--name', name, 'busybox', 'sh'], '\x05e'],
        [['attach', name], '\x05e'],
        [['exec', '-it', name, 'sh'], '\x05e'],
        [['attach', '--detach-keys', 'DEL', name], '\x7f'],
        [['exec', '-it', '--detach-keys', 'a,ctrl-@', name, 'sh'], 'a\0'],
      ] as [string[], string][]) {
        await using terminal = cli.terminal(words);
        await terminal.expect(/# /);
        terminal.type(keys);
        await terminal.exit();
        assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');
      }
      fs.writeFileSync(file, JSON.stringify({ detachKeys: 'ctrl-p,none' }));
      await using refused = cli.terminal(['exec', '-it', name, 'sh']);
      assert.equal(await refused.exit(), 1);
      assert.match(refused.screen, /Invalid escape keys \(ctrl-p,none\)/);
    } finally {
      fs.rmSync(file);
      await cli.out('rm', '-f', name);
    }
  });

  it('a key that breaks the sequence begins no other, by client or daemon', async () => {
    const name = unique('broken');
    const reading = 'stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | od -An -tx1';
    await using terminal = cli.terminal(['run', '-it', '--name', name, 'busybox', 'sh', '-c', reading]);
    await terminal.expect(/ready/);
    terminal.type('\x10\x10\x11');
    await terminal.expect(/10 10 11/);
    assert.equal(await terminal.exit(), 0);
    await cli.out('rm', name);
  });

  it('run passes signals on, also with a terminal', async () => {
    await using interrupted = cli.terminal(['run', '-t', '--rm', 'busybox', ...telling]);
    await interrupted.expect(/ready/);
    interrupted.type('\x03');
    await interrupted.expect(/got INT/);
    assert.equal(await interrupted.exit(), 4);

    for (const name of ['TERM', 'USR1'] as const) {
      await using told = cli.terminal(['run', '-it', '--rm', 'busybox', ...telling]);
      const before = told.attributes();
      await told.expect(/ready/);
      told.kill(`SIG${name}`);
      await told.expect(new RegExp(`got ${name}`));
      assert.equal(await told.exit(), 4);
      assert.equal(told.attributes(), before);
    }
  });

  it('start -a joins what runs already', async () => {
    const name = unique('joined');
    await cli.out('run', '-dit', '--name', name, 'busybox', 'sh');
    await using terminal = cli.terminal(['start', '-ai', name]);
    terminal.type('x=4; echo $((x + 38)); exit 6\r');
    await terminal.expect(/\r\n42\r\n/);
    assert.equal(await terminal.exit(), 6);
    await cli.out('rm', name);
  });
});
