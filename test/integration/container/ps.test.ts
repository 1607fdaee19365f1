import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('ps', ({ cli, unique }) => {
  it('shows what runs, and with --all the rest', async () => {
    const [running, exited] = [unique('up'), unique('down')];
    const id = await cli.out(
      'run',
      '-d',
      '--name',
      running,
      '-p',
      '127.0.0.1::80',
      'busybox',
      'sleep',
      '1000',
    );
    await cli.run(['run', '--name', exited, 'busybox', 'sh', '-c', 'exit 3']);
    const shown = await cli.out('ps', '--no-trunc');
    assert.match(shown, /^CONTAINER ID\s+IMAGE\s+COMMAND\s+CREATED\s+STATUS\s+PORTS\s+NAMES$/m);
    assert.match(
      shown,
      new RegExp(
        `^${id}\\s+busybox\\s+"sleep 1000"\\s+.* ago\\s+Up .*127\\.0\\.0\\.1:\\d+->80/tcp\\s+${running}$`,
        'm',
      ),
    );
    assert.ok(!shown.includes(exited));
    assert.match(await cli.out('ps', '-a'), new RegExp(`Exited \\(3\\) .* ago\\s+${exited}$`, 'm'));
    await cli.out('rm', '-f', running, exited);
  });

  it('filters by status, name, exit code and ancestor', async () => {
    const [running, exited] = [unique('alpha'), unique('beta')];
    await cli.out('run', '-d', '--name', running, 'busybox', 'sleep', '1000');
    await cli.run(['run', '--name', exited, 'busybox', 'sh', '-c', 'exit 77']);
    const named = (...filters: string[]): Promise<string> =>
      cli.out('ps', '-a', '--format', '{{.Names}}', ...filters.flatMap((filter) => ['--filter', filter]));
    assert.equal(await named('status=running', `name=${running}`), running);
    assert.equal(await named('exited=77', `name=${exited}`), exited);
    assert.equal(await named(`name=^/?${exited}$`), exited);
    assert.deepEqual((await named('ancestor=busybox')).split('\n').sort(), [running, exited].sort());
    const refused = await cli.run(['ps', '--filter', 'nonsense=1']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /invalid filter/i);
    await cli.out('rm', '-f', running, exited);
  });

  it('filters by the port of the host, and of the container', async () => {
    const name = unique('ports');
    await cli.out('run', '-d', '--name', name, '-p', '127.0.0.1::80', 'busybox', 'sleep', '1000');
    const address = await cli.out('port', name, '80/tcp');
    const port = address.slice(address.lastIndexOf(':') + 1);
    const named = (filter: string): Promise<string> =>
      cli.out('ps', '-a', '--format', '{{.Names}}', '--filter', filter, '--filter', `name=${name}`);
    assert.equal(await named(`publish=${port}`), name);
    assert.equal(await named(`publish=${Number(port) - 1}-${Number(port) + 1}/tcp`), name);
    assert.equal(await named('publish=80'), '');
    assert.equal(await named(`publish=${port}/udp`), '');
    assert.equal(await named('expose=80'), name);
    const health = await cli.run(['ps', '--filter', 'health=fine']);
    assert.equal(health.code, 1);
    assert.match(health.stderr, /unrecogni[sz]ed filter value for health: fine/i);
    await cli.out('rm', '-f', name);
  });

  it('lists the newest first, and --last as many as asked for', async () => {
    const names = [1, 2, 3].map(() => unique('order'));
    for (const name of names) await cli.out('create', '--name', name, 'busybox');
    assert.equal(await cli.out('ps', '--last', '2', '--format', '{{.Names}}'), `${names[2]}\n${names[1]}`);
    await cli.out('rm', ...names);
  });

  it('--format json gives one object a line', async () => {
    const name = unique('json');
    await cli.out('create', '--name', name, '-l', 'k=v', 'busybox', 'echo', 'hi');
    const shown = JSON.parse(await cli.out('ps', '-a', '--filter', `name=${name}`, '--format', '{{json .}}'));
    assert.equal(shown.Names, name);
    assert.equal(shown.State, 'created');
    assert.equal(shown.Labels, 'k=v');
    assert.equal(shown.Command, '"echo hi"');
    await cli.out('rm', name);
  });

  it('--size tells what a container wrote', async () => {
    const name = unique('size');
    await cli.out('run', '--name', name, 'busybox', 'sh', '-c', 'head -c 5000000 /dev/zero > /big');
    assert.match(
      await cli.out('ps', '-a', '-s', '--filter', `name=${name}`, '--format', '{{.Size}}'),
      /^5MB \(virtual \d/,
    );
    await cli.out('rm', name);
  });
});
