import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('container events', ({ cli, engine, unique }) => {
  async function actionsOf(name: string): Promise<string[]> {
    const now = `${Math.floor(Date.now() / 1000) + 1}`;
    const filters = ['--filter', `container=${name}`, '--since', '1', '--until', now];
    return (await cli.out('events', ...filters, '--format', '{{.Action}}')).split('\n');
  }

  it('tell who attaches and of which size the terminal is', async () => {
    const name = unique('attached');
    await using terminal = cli.terminal(['run', '-it', '--name', name, 'busybox', 'sh']);
    await terminal.expect(/# /);
    const actions = await waitFor('the size', async () => {
      const seen = await actionsOf(name);
      return seen.includes('resize') && seen;
    });
    assert.deepEqual(actions.slice(0, 4), ['create', 'attach', 'start', 'resize']);
    await cli.out('rm', '-f', name);
  });

  it('tell what is copied, exported and looked at', async () => {
    const name = unique('copied');
    await cli.out('run', '-d', '--name', name, 'busybox', 'sleep', '1000');
    await cli.out('cp', `${name}:/etc/passwd`, engine().directory);
    await cli.run(['cp', '-', `${name}:/tmp`], { input: Buffer.alloc(1024) });
    await cli.out('export', '-o', path.join(engine().directory, 'root.tar'), name);
    await cli.out('top', name);
    const actions = await actionsOf(name);
    const told = ['archive-path', 'extract-to-dir', 'export', 'top'];
    assert.deepEqual(
      actions.filter((action) => told.includes(action)),
      told,
    );
    await cli.out('rm', '-f', name);
  });
});
