import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { startDaemon } from '#cli/start-daemon.ts';
import { isDhowError } from '#errors/error.ts';

const root = mkdtempSync(join(tmpdir(), 'dhow-start-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;

/** A daemon's program in a directory of its own. */
function program(source: string) {
  const directory = join(root, String(count++));
  const entry = `${directory}.mjs`;
  writeFileSync(entry, source);
  return { entry, socketPath: join(directory, 'd.sock'), log: join(directory, 'daemon.log') };
}

const listening = (before: string) => (socketPath: string) =>
  `import { createServer } from 'node:net';
   import { writeFileSync } from 'node:fs';
   ${before}
   console.log('host', process.env.DOCKER_HOST);
   const server = createServer((socket) => { socket.destroy(); server.close(); process.exit(); });
   server.listen(${JSON.stringify(socketPath)});`;

describe('starting a daemon', () => {
  test('returns when it accepts connections, with its output in the log', async () => {
    const { entry, socketPath, log } = program('');
    // Not at once: the socket is waited for.
    writeFileSync(entry, listening('await new Promise((go) => setTimeout(go, 50));')(socketPath));
    const host = process.env['DOCKER_HOST'];
    process.env['DOCKER_HOST'] = 'unix:///elsewhere';
    try {
      await startDaemon({ entry, socketPath });
    } finally {
      if (host === undefined) delete process.env['DOCKER_HOST'];
      else process.env['DOCKER_HOST'] = host;
    }
    assert.equal(readFileSync(log, 'utf8'), 'host undefined\n');
  });

  test('shows its last words when it ends, and not those of another start', async () => {
    const { entry, socketPath, log } = program("console.error('cannot find conmon'); process.exit(7);");
    for (const times of [1, 2]) {
      await assert.rejects(startDaemon({ entry, socketPath }), (error) => {
        assert.ok(isDhowError(error) && error.kind === 'Unavailable');
        assert.match(
          error.message,
          /^the daemon ended at its start \(exit code 7\); its log .*daemon\.log ends with:\n {2}cannot find conmon$/,
        );
        assert.equal(readFileSync(log, 'utf8').split('conmon').length - 1, times);
        return true;
      });
    }
  });

  test('waits for another one that is starting', async () => {
    const { entry, socketPath } = program('');
    const marker = `${entry}.ended`;
    writeFileSync(
      entry,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, ''); process.exit(3);`,
    );
    const other = createServer();
    const watch = setInterval(() => {
      if (!existsSync(marker)) return;
      clearInterval(watch);
      other.listen(socketPath);
    }, 50);
    try {
      await startDaemon({ entry, socketPath });
      assert.ok(other.listening);
    } finally {
      other.close();
    }
  });

  test('is bounded in time', async () => {
    const { entry, socketPath } = program("setTimeout(() => process.exit(), 400); console.log('thinking');");
    await assert.rejects(
      startDaemon({ entry, socketPath, timeoutMs: 100 }),
      /does not listen .* after 0\.1 s; .*\n {2}thinking|says nothing/,
    );
  });

  test('says what to do when nobody may start one', async () => {
    writeFileSync(join(root, 'file'), '');
    await assert.rejects(
      startDaemon({ entry: '/nonexistent', socketPath: join(root, 'file/d.sock') }),
      /cannot start one .*start it as root: dhow daemon/,
    );
    assert.equal(existsSync(join(root, 'file/d.sock')), false);
  });
});
