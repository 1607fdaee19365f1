import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { command as volumeCreate } from '#cli/commands/volume/create.ts';
import { command as volumePrune } from '#cli/commands/volume/prune.ts';
import { command as volumeRemove } from '#cli/commands/volume/rm.ts';
import { runCommand } from '#cli/testing/fake-context.ts';

suite('volumes', () => {
  test('create sends labels and options', async () => {
    const result = await runCommand(volumeCreate, {
      answers: { 'POST /volumes/create': { status: 201, body: { Name: 'v' } } },
      operands: ['v'],
      options: { label: ['a=b=c', 'd'], opt: [['type', 'tmpfs']] },
    });
    assert.equal(result.stdout, 'v\n');
    assert.deepEqual(result.calls[0]?.body, {
      Driver: 'local',
      DriverOpts: { type: 'tmpfs' },
      Labels: { a: 'b=c', d: '' },
      Name: 'v',
    });
  });

  test('rm goes on after a failure', async () => {
    const result = await runCommand(volumeRemove, {
      answers: { 'DELETE /volumes/b': { status: 204 } },
      operands: ['a', 'b'],
    });
    assert.deepEqual([result.code, result.stdout], [1, 'b\n']);
    assert.equal(result.stderr, 'Error response from daemon: No such thing: /volumes/a\n');
  });

  const warnings: [string, RegExp][] = [
    ['1.41', /remove all local volumes/],
    ['1.42', /remove anonymous local volumes/],
  ];
  for (const [ApiVersion, words] of warnings) {
    test(`prune warns of what a daemon of API ${ApiVersion} will do`, async () => {
      const result = await runCommand(volumePrune, {
        answers: { 'GET /version': { body: { ApiVersion } } },
        stdin: 'n\n',
      });
      assert.match(result.stdout, words);
      assert.deepEqual(
        result.calls.map(({ path }) => path),
        ['/version'],
      );
    });
  }
});
