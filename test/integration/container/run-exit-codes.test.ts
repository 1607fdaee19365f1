import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('run › exit code', ({ cli, unique }) => {
  const cases: { of: string; args: string[]; code: number; stderr?: RegExp }[] = [
    { of: 'success', args: ['busybox', 'true'], code: 0 },
    { of: 'the process', args: ['busybox', 'sh', '-c', 'exit 42'], code: 42 },
    {
      of: 'an unknown program is 127',
      args: ['busybox', 'no-such-program'],
      code: 127,
      stderr: /executable file not found|no such file or directory/i,
    },
    {
      of: 'an unknown path is 127',
      args: ['busybox', '/no/such/program'],
      code: 127,
      stderr: /no such file or directory/i,
    },
    {
      of: 'a file without execute permission is 126',
      args: ['busybox', '/etc/passwd'],
      code: 126,
      stderr: /permission denied/i,
    },
    {
      of: 'a directory is 126',
      args: ['busybox', '/etc'],
      code: 126,
      stderr: /permission denied|is a directory/i,
    },
    {
      of: 'an unknown flag is 125',
      args: ['--no-such-flag', 'busybox', 'true'],
      code: 125,
      stderr: /unknown flag/,
    },
    {
      of: 'a missing image is 125',
      args: ['--pull', 'never', 'no-such-image:1', 'true'],
      code: 125,
      stderr: /no such image/i,
    },
    {
      of: 'a refused option is 125',
      args: ['--memory', '1k', 'busybox', 'true'],
      code: 125,
      stderr: /memory/i,
    },
  ];
  for (const { of, args, code, stderr } of cases) {
    it(of, async () => {
      const result = await cli.run(['run', '--rm', ...args]);
      assert.equal(result.code, code, result.stderr);
      assert.equal(result.stdout, '');
      if (stderr) assert.match(result.stderr, stderr);
    });
  }

  it('a name that is taken is 125', async () => {
    const name = unique('taken');
    await cli.out('create', '--name', name, 'busybox', 'true');
    const { code, stderr } = await cli.run(['run', '--name', name, 'busybox', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, /is already in use by container/);
  });

  it('leaves nothing behind when the program cannot be run with --rm', async () => {
    const name = unique('gone');
    assert.equal((await cli.run(['run', '--rm', '--name', name, 'busybox', 'no-such-program'])).code, 127);
    assert.equal(await cli.out('ps', '--all', '--quiet', '--filter', `name=${name}`), '');
  });
});
