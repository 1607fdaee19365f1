import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createTransport } from '#client/transport.ts';

/** Puts an `ssh` into the path, written in shell. */
function replaceSsh(t: TestContext, script: string): void {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-ssh-'));
  fs.writeFileSync(path.join(directory, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const before = process.env['PATH'];
  process.env['PATH'] = `${directory}:${before}`;
  t.after(() => {
    process.env['PATH'] = before;
    fs.rmSync(directory, { recursive: true });
  });
}

test('ssh is told whom to ask and what to run there', async (t) => {
  replaceSsh(t, 'for word; do printf "%s\\n" "$word"; done; cat');
  const stream = await createTransport('ssh://me@far.example:2222/run/it.sock').connect();
  stream.end('typed');
  const command = (program: string) =>
    `exec ${program} --host '\\''unix:///run/it.sock'\\'' system dial-stdio`;
  assert.equal(
    await text(stream),
    [
      ...['-l', 'me', '-p', '2222', '-o', 'ConnectTimeout=30', '-T', '--', 'far.example'],
      `sh -c 'if command -v dhow >/dev/null; then ${command('dhow')}; else ${command('docker')}; fi'`,
      'typed',
    ].join('\n'),
  );
});

test('what ssh complains of is the error', async (t) => {
  replaceSsh(t, 'echo "no route to host" >&2; exit 255');
  const stream = await createTransport('ssh://far').connect();
  await assert.rejects(text(stream), { kind: 'Unavailable', message: /ssh:\/\/far: no route to host/ });
});

test('what is no such address is refused', () => {
  for (const host of [
    'ssh://',
    'ssh://-oProxyCommand=x',
    'ssh://-x@far',
    'ssh://me:secret@far',
    'ssh://far:x',
  ]) {
    assert.throws(() => createTransport(host), { kind: 'InvalidParameter' }, host);
  }
});
