import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import type { Terminal } from '../../support/terminal.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('run › terminal', ({ cli, unique }) => {
  it('-it gives a terminal of the caller’s size, and puts the caller’s back', async () => {
    await using terminal = cli.terminal(['run', '-it', '--rm', 'busybox', 'sh']);
    const before = terminal.attributes();
    await terminal.expect(/# /);
    terminal.type('stty size; tty\r');
    await terminal.expect(/\r\n24 80\r\n\/dev\/pts\/0\r\n/);
    assert.notEqual(terminal.attributes(), before, 'raw while the container has the terminal');
    terminal.type('exit 9\r');
    assert.equal(await terminal.exit(), 9);
    assert.equal(terminal.attributes(), before);
  });

  it('follows a change of the size', async () => {
    await using terminal = cli.terminal([
      'run',
      '-it',
      '--rm',
      'busybox',
      'sh',
      '-c',
      'trap "stty size" WINCH; echo ready; until stty size | grep "50 60"; do sleep 0.05; done; exit 3',
    ]);
    await terminal.expect(/ready/);
    await resizeUntil(terminal, 132, 43, /43 132/);
    await resizeUntil(terminal, 60, 50, /50 60/);
    assert.equal(await terminal.exit(), 3);
  });

  it('Ctrl-C interrupts the process in the container, not the client', async () => {
    await using terminal = cli.terminal([
      'run',
      '-it',
      '--rm',
      'busybox',
      'sh',
      '-c',
      'trap "echo interrupted; exit 4" INT; echo ready; while :; do sleep 0.05; done',
    ]);
    await terminal.expect(/ready/);
    terminal.type('\x03');
    await terminal.expect(/interrupted/);
    assert.equal(await terminal.exit(), 4);
  });

  for (const [keys, options] of [
    ['\x10\x11', []],
    ['\x18y', ['--detach-keys', 'ctrl-x,y']],
  ] as [string, string[]][]) {
    it(`detaches by ${options[1] ?? 'ctrl-p,ctrl-q'} and leaves the container running`, async () => {
      const name = unique('detach');
      await using terminal = cli.terminal(['run', '-it', '--name', name, ...options, 'busybox', 'sh']);
      const before = terminal.attributes();
      await terminal.expect(/# /);
      terminal.type('x=4; echo $((x + 38))\r');
      await terminal.expect(/\r\n42\r\n/);
      terminal.type(keys);
      assert.equal(await terminal.exit(), 0);
      assert.equal(terminal.attributes(), before);
      assert.equal(await cli.out('inspect', '--format', '{{.State.Running}}', name), 'true');

      await using again = cli.terminal(['attach', name]);
      again.type('\r');
      await again.expect(/# /);
      again.type('echo $((x + 1))\r');
      await again.expect(/\r\n5\r\n/);
      again.type('exit\r');
      assert.equal(await again.exit(), 0);
      await cli.out('rm', name);
    });
  }

  it('exec -it is a terminal of its own', async () => {
    const name = unique('exec');
    await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    await using terminal = cli.terminal(['exec', '-it', name, 'sh']);
    const before = terminal.attributes();
    await terminal.expect(/# /);
    terminal.type('until stty size | grep "^30 100"; do sleep 0.05; done; exit 6\r');
    await resizeUntil(terminal, 100, 30, /30 100\r\n/);
    assert.equal(await terminal.exit(), 6);
    assert.equal(terminal.attributes(), before);
    await cli.out('rm', '-f', name);
  });

  it('-t is refused when standard input is no terminal', async () => {
    const { code, stderr } = await cli.run(['run', '-it', '--rm', 'busybox', 'true']);
    assert.equal(code, 1);
    assert.match(stderr, /the input device is not a TTY/);
  });
});

/** Docker's client hears of changes of the size some time after the process has begun to run; what changes before is lost. */
async function resizeUntil(terminal: Terminal, columns: number, rows: number, seen: RegExp): Promise<void> {
  const from = terminal.screen.length;
  await waitFor(`${seen} on the terminal`, () => {
    terminal.resize(columns, rows + 1);
    terminal.resize(columns, rows);
    return seen.test(terminal.screen.slice(from));
  });
}
