import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runTool } from '#bootstrap/debian/run-tool.ts';

const shell = { program: 'sh', package: 'dash' };
const run = (script: string, settings: Partial<Parameters<typeof runTool>[2]> = {}) =>
  runTool(shell, ['-c', script], { signal: new AbortController().signal, ...settings });

suite('a tool of the host', () => {
  test('gives its output, and its messages as they come', async () => {
    const heard: string[] = [];
    const result = await run('echo out; echo one >&2; echo "$WORD" >&2', {
      environment: { WORD: 'two' },
      onMessage: (line) => heard.push(line),
    });
    assert.deepEqual(result, { succeeded: true, output: 'out\n', messages: ['one', 'two'] });
    assert.deepEqual(heard, ['one', 'two']);
  });

  test('that fails has its last words kept', async () => {
    const { succeeded, messages } = await run('seq 100 >&2; exit 3');
    assert.equal(succeeded, false);
    assert.ok(messages.length < 20);
    assert.equal(messages.at(-1), '100');
  });

  test('that is not installed is named with its package', async () => {
    const missing = { program: 'no-such-tool', package: 'the-package' };
    const { signal } = new AbortController();
    await assert.rejects(runTool(missing, [], { signal }), {
      kind: 'NotFound',
      message: /no-such-tool.*the-package/,
    });
  });

  test('is told to end, and waited for', async () => {
    const controller = new AbortController();
    const heard: string[] = [];
    const ended = run(
      'trap "echo putting away >&2; exit 1" TERM; echo ready >&2; while :; do sleep 0.05; done',
      {
        signal: controller.signal,
        onMessage: (line) => {
          heard.push(line);
          if (line === 'ready') controller.abort();
        },
      },
    );
    await assert.rejects(ended, { kind: 'Cancelled' });
    assert.deepEqual(heard, ['ready', 'putting away']);
  });
});
