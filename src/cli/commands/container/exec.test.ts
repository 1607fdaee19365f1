import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeDaemon, type Handler } from '#cli/testing/fake-daemon.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

function execDaemon(replaced: Readonly<Record<string, Handler>> = {}) {
  const bodies: Record<string, unknown> = {};
  const daemon = createFakeDaemon({
    'POST /containers/web/exec': ({ body, answer }) => {
      bodies['create'] = JSON.parse(body);
      answer(201, { Id: 'e1' });
    },
    'POST /exec/e1/start': ({ body, upgrade }) => {
      bodies['start'] = JSON.parse(body);
      upgrade().end(encodeFrame('stdout', Buffer.from('hello\n')));
    },
    'GET /exec/e1/json': ({ answer }) => answer(200, { ExitCode: 5, Running: false }),
    ...replaced,
  });
  return { daemon, bodies };
}

describe('dhow exec', () => {
  test("gives the process's output and code", async () => {
    const { daemon, bodies } = execDaemon();
    const words = ['exec', '-e', 'A=b', '-w', '/tmp', '-u', '1', 'web', 'ls', '-l', '--', '-x'];
    const outcome = await daemon.run(words);
    assert.deepEqual(outcome, { code: 5, stdout: 'hello\n', stderr: '' });
    assert.deepEqual(bodies, {
      create: {
        AttachStdin: false,
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        Cmd: ['ls', '-l', '--', '-x'],
        Env: ['A=b'],
        User: '1',
        WorkingDir: '/tmp',
      },
      start: { Detach: false, Tty: false },
    });
  });

  test('-d starts it and leaves', async () => {
    const { daemon, bodies } = execDaemon({
      'POST /exec/e1/start': ({ body, answer }) => {
        bodies['start'] = JSON.parse(body);
        answer(200);
      },
    });
    assert.deepEqual(await daemon.run(['exec', '-d', 'web', 'true']), { code: 0, stdout: '', stderr: '' });
    assert.deepEqual(bodies['start'], { Detach: true, Tty: false });
    assert.equal(daemon.requests.includes('GET /exec/e1/json'), false);
  });

  test('what the daemon refuses is 1: a container that does not run, or with -d a program that is not there', async () => {
    const missing = execDaemon({
      'POST /exec/e1/start': ({ answer }) =>
        answer(400, {
          message: 'exec: "x": not found',
          kind: 'InvalidParameter',
          reason: 'executable-not-found',
        }),
    });
    assert.equal((await missing.daemon.run(['exec', '-d', 'web', 'x'])).code, 1);
    const stopped = execDaemon({
      'POST /containers/web/exec': ({ answer }) => answer(409, { message: 'container web is not running' }),
    });
    assert.deepEqual(await stopped.daemon.run(['exec', 'web', 'x']), {
      code: 1,
      stdout: '',
      stderr: 'Error response from daemon: container web is not running\n',
    });
  });
});
