import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createFakeDaemon } from '#cli/testing/fake-daemon.ts';

const directory = mkdtempSync(join(tmpdir(), 'dhow-tty-'));
after(() => rmSync(directory, { recursive: true }));
const program = `${process.execPath} ${join(import.meta.dirname, '../main.ts')}`;

/** Types `keys`, or acts, when the process in the container has started; it ends when it has all the keys. */
async function runOnTerminal(line: string, keys: string | (() => void)): Promise<string> {
  const started = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<void>();
  const daemon = createFakeDaemon({
    'POST /containers/create': ({ answer }) => answer(201, { Id: 'c1', Warnings: [] }),
    'POST /containers/c1/attach': ({ upgrade }) => {
      const stream = upgrade();
      let typed = '';
      stream.on('data', (bytes) => {
        typed += bytes;
        if (typeof keys !== 'string' || typed.length < keys.length) return;
        stream.end(`typed ${JSON.stringify(typed)} a\nb\r\n`);
        exited.resolve();
      });
    },
    'POST /containers/c1/wait': ({ begin }) => {
      const response = begin(200, { 'content-type': 'application/json' });
      exited.promise.then(() => response.end('{"StatusCode":5}'));
    },
    'POST /containers/c1/start': ({ answer }) => {
      answer(204);
      started.resolve();
    },
    'POST /containers/c1/resize': ({ answer }) => answer(200),
  });
  await using listening = await daemon.listen(join(directory, 'd.sock'));
  const command = line.replace('DHOW', `DOCKER_HOST=${listening.host} ${program}`);
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  const closed = once(child, 'close');
  await started.promise;
  if (typeof keys === 'string') child.stdin.write(keys);
  else keys();
  await closed;
  return output;
}

describe('a terminal', () => {
  test('hands every key and every line feed through, and is as before afterwards', async () => {
    const output = await runOnTerminal('DHOW run -it box; echo code $?; stty -a', 'x\x03\x04\x1a\x13\r');
    // Control characters arrive, and `a\n` is not made `a\r\n`.
    assert.match(output, /typed "x\\u0003\\u0004\\u001a\\u0013\\r" a\nb\r\n/);
    assert.match(output, /code 5\r\n/);
    assert.match(output, /^isig icanon .* echo /m);
    assert.match(output, /^opost /m);
  });

  test('is given back when a signal ends the CLI', async () => {
    const pidFile = join(directory, 'pid');
    const line = `sh -c 'echo $$ >${pidFile}; exec env DHOW run -it --sig-proxy=false box'; echo code $?; stty -a`;
    const output = await runOnTerminal(line, () =>
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM'),
    );
    assert.match(output, /code 143\r\n/);
    assert.match(output, /^isig icanon .* echo /m);
    assert.match(output, /^opost /m);
  });
});
