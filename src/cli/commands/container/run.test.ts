import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { createFakeDaemon, type Handler } from '#cli/testing/fake-daemon.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

/** A daemon with the container `c1`, whose process is a function of its raw stream. */
function containerDaemon(
  processOf: (stream: Duplex) => Promise<number>,
  replaced: Readonly<Record<string, Handler>> = {},
) {
  const attached = Promise.withResolvers<Duplex>();
  const exited = Promise.withResolvers<number>();
  return createFakeDaemon({
    'POST /containers/create': ({ answer }) => answer(201, { Id: 'c1', Warnings: ['mind the gap'] }),
    'POST /containers/c1/attach': ({ upgrade }) => attached.resolve(upgrade()),
    'POST /containers/c1/wait': ({ begin }) => {
      const response = begin(200, { 'content-type': 'application/json' });
      exited.promise.then((StatusCode) => response.end(JSON.stringify({ StatusCode })));
    },
    'POST /containers/c1/start': ({ answer }) => {
      answer(204);
      attached.promise.then(processOf).then(exited.resolve);
    },
    'POST /containers/c1/resize': ({ answer }) => answer(200),
    ...replaced,
  });
}

const ends = (code: number) => (stream: Duplex) => {
  stream.end();
  return Promise.resolve(code);
};

describe('dhow run', () => {
  test('attaches and waits before it starts, and ends with the output complete and the code', async () => {
    const daemon = containerDaemon(async (stream) => {
      const frames = [
        encodeFrame('stdout', Buffer.from('out\n')),
        encodeFrame('stderr', Buffer.from('err\n')),
      ];
      // Cut in the middle of a header.
      const bytes = Buffer.concat(frames);
      stream.write(bytes.subarray(0, 15));
      stream.end(bytes.subarray(15));
      return 7;
    });
    const outcome = await daemon.run(['run', 'box', 'sh', '-c', 'x']);
    assert.deepEqual(outcome, { code: 7, stdout: 'out\n', stderr: 'WARNING: mind the gap\nerr\n' });
    assert.equal(daemon.requests[0], 'POST /containers/create');
    assert.deepEqual(daemon.requests.slice(1, 3).sort(), [
      'POST /containers/c1/attach',
      'POST /containers/c1/wait',
    ]);
    assert.deepEqual(daemon.requests.slice(3), ['POST /containers/c1/start']);
  });

  test('-i carries stdin to its end', async () => {
    const daemon = containerDaemon(async (stream) => {
      let input = '';
      stream.on('data', (bytes) => {
        input += bytes;
      });
      await once(stream, 'end');
      stream.end(encodeFrame('stdout', Buffer.from(input.toUpperCase())));
      return 0;
    });
    const outcome = await daemon.run(['run', '-i', 'box'], { stdin: Buffer.from('x'.repeat(300_000)) });
    assert.deepEqual([outcome.code, outcome.stdout.length], [0, 300_000]);
    assert.match(outcome.stdout, /^X+$/);
  });

  test('-d prints the id and attaches nothing', async () => {
    const daemon = containerDaemon(ends(0));
    const { code, stdout } = await daemon.run(['run', '-d', 'box']);
    assert.deepEqual([code, stdout], [0, 'c1\n']);
    assert.deepEqual(daemon.requests, ['POST /containers/create', 'POST /containers/c1/start']);
  });

  test('--rm waits for the removal', async () => {
    let condition: string | null = null;
    const daemon = containerDaemon(ends(0), {
      'POST /containers/c1/wait': ({ query, answer }) => {
        condition = query.get('condition');
        answer(200, { StatusCode: 0 });
      },
    });
    await daemon.run(['run', '--rm', 'box']);
    assert.equal(condition, 'removed');
  });

  test('a missing image is pulled, with what happens on stderr, and the container is then created', async () => {
    let pulled = false;
    const daemon = containerDaemon(ends(0), {
      'POST /containers/create': ({ answer }) => {
        if (pulled) answer(201, { Id: 'c1', Warnings: [] });
        else answer(404, { message: 'No such image: box:latest' });
      },
      'POST /images/create': ({ begin }) => {
        pulled = true;
        begin(200, { 'content-type': 'application/json' }).end('{"status":"Status: Downloaded box"}\n');
      },
    });
    const outcome = await daemon.run(['run', 'box']);
    assert.equal(outcome.code, 0);
    assert.match(outcome.stderr, /^Unable to find image 'box:latest' locally\n.*Downloaded box\n$/s);

    pulled = false;
    const never = await daemon.run(['run', '--pull', 'never', 'box']);
    assert.deepEqual([never.code, pulled], [125, false]);
  });

  const failures: [message: object, code: number][] = [
    [{ message: 'x', kind: 'InvalidParameter', reason: 'executable-not-found' }, 127],
    [{ message: 'x', kind: 'InvalidParameter', reason: 'executable-not-runnable' }, 126],
    [{ message: 'OCI runtime create failed: exec: "x": executable file not found in $PATH: unknown' }, 127],
    [{ message: 'OCI runtime create failed: exec: "/": permission denied: unknown' }, 126],
    [{ message: 'port is already allocated' }, 125],
  ];
  for (const [body, expected] of failures) {
    test(`a start that fails with ${JSON.stringify(body)} is ${expected}`, async () => {
      const daemon = containerDaemon(ends(0), {
        'POST /containers/c1/start': ({ answer }) => answer(400, body),
      });
      const { code, stderr } = await daemon.run(['run', 'box']);
      assert.equal(code, expected);
      assert.match(
        stderr,
        /\ndhow: Error response from daemon: .*\n\nRun 'dhow run --help' for more information\n$/,
      );
    });
  }

  test('the size of the terminal goes along, and detach keys end it with the container running', async () => {
    const stdin = new PassThrough();
    let size: unknown;
    const resized = Promise.withResolvers<string>();
    const daemon = containerDaemon(
      (stream) => {
        stream.write('unframed');
        resized.promise.then(() => stdin.write('ab\x10\x11'));
        return new Promise(() => {});
      },
      {
        'POST /containers/create': ({ body, answer }) => {
          size = JSON.parse(body).HostConfig.ConsoleSize;
          answer(201, { Id: 'c1', Warnings: [] });
        },
        'POST /containers/c1/resize': ({ query, answer }) => {
          answer(200);
          resized.resolve(`${query.get('h')}x${query.get('w')}`);
        },
      },
    );
    const outcome = await daemon.run(['run', '-it', 'box'], { stdin, terminal: true });
    assert.deepEqual(outcome, { code: 0, stdout: 'unframed', stderr: '' });
    assert.deepEqual([size, await resized.promise], [[33, 99], '33x99']);
  });

  test('-it without a terminal is refused before anything is created', async () => {
    const daemon = containerDaemon(ends(0));
    const { code, stderr } = await daemon.run(['run', '-it', 'box']);
    assert.equal(code, 1);
    assert.match(stderr, /the input device is not a TTY/);
    assert.deepEqual(daemon.requests, []);
  });

  test('a connection that breaks in the middle is no success', async () => {
    const daemon = containerDaemon(ends(0), {
      'POST /containers/c1/wait': ({ begin }) => {
        const response = begin(200, { 'content-type': 'application/json' });
        setImmediate(() => response.destroy());
      },
    });
    const { code, stderr } = await daemon.run(['run', 'box']);
    assert.equal(code, 125);
    assert.match(stderr, /connection to the daemon was lost|middle of an answer/);
  });

  test('--cidfile is written, refused when it exists, and not left behind after a failure', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dhow-cid-'));
    try {
      const path = join(directory, 'cid');
      const failing = containerDaemon(ends(0), {
        'POST /containers/create': ({ answer }) => answer(409, { message: 'no' }),
      });
      assert.equal((await failing.run(['run', '--cidfile', path, 'box'])).code, 125);
      assert.equal(existsSync(path), false);
      const daemon = containerDaemon(ends(0));
      assert.equal((await daemon.run(['run', '--cidfile', path, 'box'])).code, 0);
      assert.equal(readFileSync(path, 'utf8'), 'c1');
      assert.equal((await daemon.run(['run', '--cidfile', path, 'box'])).code, 125);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
