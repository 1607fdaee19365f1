import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('system prune', ({ cli, unique }) => {
  test('takes what nothing uses, and leaves the rest', async () => {
    const [running, stopped, network, used, volume] = ['running', 'stopped', 'network', 'used', 'volume'].map(
      unique,
    );
    await cli.out('network', 'create', network ?? '');
    await cli.out('network', 'create', used ?? '');
    await cli.out(
      ...['run', '--detach', '--name', running ?? '', '--network', used ?? '', '--volume', `${volume}:/data`],
      ...['busybox', 'sleep', '1000'],
    );
    await cli.out('run', '--name', stopped ?? '', 'busybox', 'sh', '-c', 'head -c 1000000 /dev/zero >/mega');
    const id = await cli.out('commit', stopped ?? '');
    const declined = await cli.run(['system', 'prune'], { input: 'n\n' });
    assert.match(declined.stdout, /all stopped containers/);
    assert.equal((await cli.out('ps', '--all', '--filter', `name=${stopped}`, '--quiet')) === '', false);

    const output = await cli.out('system', 'prune', '--force', '--volumes');
    assert.match(output, /Deleted Containers:\n[0-9a-f]{64}\n/);
    assert.match(output, new RegExp(`Deleted Networks:\n${network}\n`));
    assert.match(output, new RegExp(`deleted: ${id}\n`));
    assert.match(output, /Total reclaimed space: [\d.]+MB$/);
    const names = (await cli.out('ps', '--all', '--format', '{{.Names}}')).split('\n');
    assert.ok(names.includes(running ?? '') && !names.includes(stopped ?? ''));
    assert.match(await cli.out('network', 'ls', '--format', '{{.Name}}'), new RegExp(`^${used}$`, 'm'));
    assert.equal(await cli.out('volume', 'inspect', '--format', '{{.Name}}', volume ?? ''), volume);
    await cli.out('rm', '--force', '--volumes', running ?? '');
    await cli.out('network', 'rm', used ?? '');
    await cli.out('volume', 'rm', volume ?? '');
  });

  test('with filters takes what they match, and frees exactly that', async () => {
    const [wanted, other, network, kept] = ['wanted', 'other', 'network', 'kept'].map(unique);
    const label = `${unique('pruned')}=yes`;
    const script = ['busybox', 'sh', '-c', 'head -c 1000000 /dev/zero >/mega'];
    await cli.out('run', '--name', wanted ?? '', '--label', label, ...script);
    await cli.out('run', '--name', other ?? '', ...script);
    await cli.out('network', 'create', '--label', label, network ?? '');
    await cli.out('network', 'create', kept ?? '');
    const image = await cli.out('commit', '--change', `LABEL ${label}`, wanted ?? '');
    const usage = async (): Promise<number> => {
      const lines = (await cli.out('system', 'df', '--format', '{{.Type}} {{.Size}}')).split('\n');
      return Number(/^Containers ([\d.]+)MB$/m.exec(lines.join('\n'))?.[1] ?? 0);
    };
    const before = await usage();
    const output = await cli.out('system', 'prune', '--force', '--filter', `label=${label}`);
    assert.match(output, /Deleted Containers:\n[0-9a-f]{64}\n/);
    assert.match(output, new RegExp(`Deleted Networks:\n${network}\n`));
    assert.match(output, new RegExp(`deleted: ${image}\n`));
    // The container's, and the image that was committed of it, with its documents.
    assert.match(output, /Total reclaimed space: 2(\.00\d)?MB$/);
    assert.equal(before - (await usage()), 1);
    assert.equal(await cli.out('ps', '--all', '--filter', `name=${other}`, '--format', '{{.Names}}'), other);
    assert.equal(await cli.out('network', 'inspect', '--format', '{{.Name}}', kept ?? ''), kept);
    // All that there is was made a moment ago.
    const late = await cli.out('system', 'prune', '--force', '--filter', 'until=1h');
    assert.match(late, /^Total reclaimed space: 0B$/m);
    await cli.out('rm', other ?? '');
    await cli.out('network', 'rm', kept ?? '');
  });
});
