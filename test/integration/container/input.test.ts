import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('standard input', ({ cli, unique }) => {
  const name = unique('input');
  before(() => cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000'));
  after(() => cli.out('rm', '-f', name));
  const commands = { run: ['run', '-i', '--rm', 'busybox'], exec: ['exec', '-i', name] };

  for (const [form, words] of Object.entries(commands)) {
    it(`${form} -i: may end before the process begins`, async () => {
      const { code, stdout } = await cli.run([...words, 'sh', '-c', 'cat; echo end'], { input: '' });
      assert.deepEqual([code, stdout], [0, 'end\n']);
    });

    it(`${form} -i: what of it nobody reads takes none of the output away`, async () => {
      const input = 'y\n'.repeat(512 * 1024);
      for (let attempt = 0; attempt < 10; attempt++) {
        const { code, stdout } = await cli.run([...words, 'head', '-n', '1'], { input });
        assert.deepEqual([code, stdout], [0, 'y\n']);
      }
    });
  }

  it('run -i attaches it, whatever else -a names', async () => {
    const words = ['run', '-i', '--rm', '-a', 'stdout', 'busybox', 'sh', '-c', 'cat; echo err >&2'];
    const { code, stdout, stderr } = await cli.run(words, { input: 'text\n' });
    assert.deepEqual([code, stdout, stderr], [0, 'text\n', '']);
  });
});
