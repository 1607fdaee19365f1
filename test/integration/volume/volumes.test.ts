import assert from 'node:assert/strict';
import fs from 'node:fs';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('volume commands', ({ cli, engine, unique }) => {
  const names = async (...filters: string[]): Promise<string[]> =>
    (await cli.out('volume', 'ls', '-q', ...filters.flatMap((filter) => ['--filter', filter]))).split('\n');

  it('create prints the name, and gives a long one when there is none', async () => {
    const name = unique('created');
    assert.equal(await cli.out('volume', 'create', name), name);
    const anonymous = await cli.out('volume', 'create');
    assert.match(anonymous, /^[0-9a-f]{64}$/);
    // A second time is no error.
    assert.equal(await cli.out('volume', 'create', name), name);
    assert.equal(await cli.out('volume', 'rm', name, anonymous), `${name}\n${anonymous}`);
  });

  it('create refuses what cannot be a name, and drivers that are not there', async () => {
    const malformed = await cli.run(['volume', 'create', 'a/b']);
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /includes invalid characters for a local volume name/);
    const driver = await cli.run(['volume', 'create', '--driver', 'no-such-driver', unique('driver')]);
    assert.equal(driver.code, 1);
    assert.match(driver.stderr, /no-such-driver/);
  });

  it('ls shows the driver and filters by name, label and use', async () => {
    const [used, free] = [unique('used'), unique('free')];
    await cli.out('volume', 'create', '--label', 'kind=test', '--label', `own=${free}`, free);
    const container = await cli.out('create', '-v', `${used}:/data`, 'busybox');
    const table = await cli.out('volume', 'ls');
    assert.match(table, /^DRIVER +VOLUME NAME\n/);
    assert.match(table, new RegExp(`^local +${free}$`, 'm'));
    assert.deepEqual(await names(`label=own=${free}`), [free]);
    assert.deepEqual(await names(`name=${used}`), [used]);
    assert.ok((await names('dangling=true')).includes(free));
    assert.ok(!(await names('dangling=true')).includes(used));
    assert.ok((await names('dangling=false')).includes(used));
    assert.equal(
      await cli.out(
        'volume',
        'ls',
        '--filter',
        `name=${free}`,
        '--format',
        '{{.Name}} {{.Driver}} {{.Label "kind"}}',
      ),
      `${free} local test`,
    );
    await cli.out('rm', container);
    await cli.out('volume', 'rm', used, free);
  });

  it('inspect tells where the files are', async () => {
    const name = unique('inspected');
    await cli.out('volume', 'create', '--label', 'colour=green', name);
    const [volume] = JSON.parse(await cli.out('volume', 'inspect', name));
    assert.equal(volume.Name, name);
    assert.equal(volume.Driver, 'local');
    assert.equal(volume.Scope, 'local');
    assert.deepEqual(volume.Labels, { colour: 'green' });
    assert.match(volume.CreatedAt, /^20\d\d-\d\d-\d\dT/);
    assert.ok(fs.statSync(volume.Mountpoint).isDirectory());
    assert.equal(await cli.out('volume', 'inspect', '--format', '{{.Mountpoint}}', name), volume.Mountpoint);
    assert.equal(await cli.out('inspect', '--type', 'volume', '--format', '{{.Name}}', name), name);
    await cli.out('volume', 'rm', name);
    assert.equal(fs.existsSync(volume.Mountpoint), false);
    const gone = await cli.run(['volume', 'inspect', name]);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /no such volume/i);
  });

  it('rm refuses a volume that a container refers to, and names the container', async () => {
    const name = unique('busy');
    const container = await cli.out('run', '-d', '-v', `${name}:/data`, 'busybox', 'sleep', '1000');
    for (const state of ['running', 'stopped']) {
      const { code, stderr } = await cli.run(['volume', 'rm', name]);
      assert.equal(code, 1, state);
      assert.match(stderr, new RegExp(`remove ${name}: volume is in use - \\[${container}\\]`));
      await cli.out('kill', container).catch(() => {});
      await cli.out('wait', container);
    }
    await cli.out('rm', container);
    assert.equal(await cli.out('volume', 'rm', name), name);
    const missing = await cli.run(['volume', 'rm', name]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /no such volume/i);
    assert.equal((await cli.run(['volume', 'rm', '-f', name])).code, 0);
  });

  it('prune removes anonymous volumes that nobody uses, with --all named ones too', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('Debian’s dockerd removes all of them');
    const [named, used] = [unique('named'), unique('used')];
    await cli.out('volume', 'create', named);
    await cli.out(
      'run',
      '--name',
      used,
      '-v',
      '/anonymous',
      '-v',
      `${used}:/named`,
      'busybox',
      'sh',
      '-c',
      'echo hello > /anonymous/file',
    );
    const anonymous = await cli.out(
      'inspect',
      '--format',
      '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}',
      used,
    );
    assert.ok(!(await cli.out('volume', 'prune', '-f')).includes(anonymous));
    await cli.out('rm', used);
    const pruned = await cli.out('volume', 'prune', '-f');
    assert.match(pruned, new RegExp(`Deleted Volumes:\n(.*\n)*${anonymous}\n`));
    assert.match(pruned, /Total reclaimed space: [1-9]\d*B$/);
    assert.ok((await names()).includes(named));
    await cli.out('volume', 'prune', '-f', '--all');
    assert.ok(!(await names()).includes(named));
    assert.ok(!(await names()).includes(used));
  });

  it('prune asks first', async (t) => {
    if (engine().kind === 'dockerd') return t.skip('Debian’s dockerd has no --all');
    const name = unique('asked');
    await cli.out('volume', 'create', name);
    const { code, stdout } = await cli.run(['volume', 'prune', '--all'], { input: 'n\n' });
    assert.match(stdout, /Are you sure you want to continue\? \[y\/N\]/);
    assert.ok(code === 0 || code === 1, String(code));
    assert.ok((await names()).includes(name));
    await cli.out('volume', 'rm', name);
  });
});
