import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeDaemon } from '#cli/testing/fake-daemon.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

describe('commands on many containers', () => {
  test('print in order what is done and go on after a failure', async () => {
    const daemon = createFakeDaemon({
      'POST /containers/a/stop': ({ answer, query }) => {
        assert.deepEqual(
          [...query],
          [
            ['signal', 'INT'],
            ['t', '3'],
          ],
        );
        setImmediate(() => answer(204));
      },
      'POST /containers/c/stop': ({ answer }) => answer(304),
    });
    assert.deepEqual(await daemon.run(['stop', '-t', '3', '-s', 'INT', 'a', 'b', 'c']), {
      code: 1,
      stdout: 'a\nc\n',
      stderr: 'Error response from daemon: no route: POST /containers/b/stop\n',
    });
  });

  test('rm -f takes a missing container as removed', async () => {
    const daemon = createFakeDaemon({
      'DELETE /containers/a': ({ answer, query }) => {
        assert.deepEqual([query.get('force'), query.get('v')], ['true', 'true']);
        answer(204);
      },
    });
    const outcome = await daemon.run(['rm', '-fv', 'a', 'b']);
    assert.deepEqual([outcome.code, outcome.stdout], [0, 'a\n']);
    assert.equal((await daemon.run(['rm', 'b'])).code, 1);
  });

  test('wait prints each code', async () => {
    const daemon = createFakeDaemon({
      'POST /containers/a/wait': ({ answer }) => answer(200, { StatusCode: 3 }),
      'POST /containers/b/wait': ({ answer }) => answer(200, { StatusCode: 0 }),
    });
    assert.equal((await daemon.run(['wait', 'a', 'b'])).stdout, '3\n0\n');
  });

  test('update sends what was given and needs something', async () => {
    let sent: unknown;
    const daemon = createFakeDaemon({
      'POST /containers/a/update': ({ body, answer }) => {
        sent = JSON.parse(body);
        answer(200, { Warnings: ['careful'] });
      },
    });
    const outcome = await daemon.run(['update', '-m', '1g', '--restart', 'always', 'a']);
    assert.deepEqual(outcome, { code: 0, stdout: 'a\n', stderr: 'WARNING: careful\n' });
    assert.deepEqual(sent, { Memory: 1 << 30, RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
    assert.equal((await daemon.run(['update', 'a'])).code, 1);
  });
});

describe('dhow logs', () => {
  test('takes the streams apart', async () => {
    const daemon = createFakeDaemon({
      'GET /containers/a/logs': ({ begin, query }) => {
        assert.deepEqual([query.get('tail'), query.get('follow')], ['5', 'true']);
        const response = begin(200, { 'content-type': 'application/vnd.docker.multiplexed-stream' });
        response.write(encodeFrame('stderr', Buffer.from('err\n')));
        response.end(encodeFrame('stdout', Buffer.from('out\n')));
      },
    });
    assert.deepEqual(await daemon.run(['logs', '-fn5', 'a']), { code: 0, stdout: 'out\n', stderr: 'err\n' });
    assert.deepEqual(daemon.requests, ['GET /containers/a/logs']);
  });

  for (const terminal of [true, false]) {
    test(`asks an old daemon whether there is a terminal: ${terminal}`, async () => {
      const daemon = createFakeDaemon({
        'GET /containers/a/logs': ({ begin }) => {
          const bytes = Buffer.from('out\n');
          begin(200, {}).end(terminal ? bytes : encodeFrame('stdout', bytes));
        },
        'GET /containers/a/json': ({ answer }) => answer(200, { Config: { Tty: terminal } }),
      });
      assert.equal((await daemon.run(['logs', 'a'])).stdout, 'out\n');
    });
  }
});

describe('dhow start and attach', () => {
  const inspect = (state: object, config: object = {}) => ({
    Id: 'c1',
    State: state,
    Config: config,
    HostConfig: {},
  });

  test('start -a gives output and code', async () => {
    const daemon = createFakeDaemon({
      'GET /containers/a/json': ({ answer }) => answer(200, inspect({ Running: false }, { Tty: true })),
      'POST /containers/c1/attach': ({ upgrade }) => upgrade().end('plain'),
      'POST /containers/c1/wait': ({ answer }) => answer(200, { StatusCode: 4 }),
      'POST /containers/c1/start': ({ answer }) => answer(204),
    });
    const outcome = await daemon.run(['start', '-a', 'a']);
    assert.deepEqual([outcome.code, outcome.stdout], [4, 'plain']);
    assert.equal((await daemon.run(['start', '-a', 'a', 'b'])).code, 1);
  });

  for (const [state, message] of [
    [{ Running: false }, /stopped container/],
    [{ Running: true, Paused: true }, /paused container/],
    [{ Running: true, Restarting: true }, /restarting container/],
  ] as const) {
    test(`attach refuses ${JSON.stringify(state)}`, async () => {
      const daemon = createFakeDaemon({
        'GET /containers/a/json': ({ answer }) => answer(200, inspect(state)),
      });
      const { code, stderr } = await daemon.run(['attach', 'a']);
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }
});
