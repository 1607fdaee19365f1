import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('run --volumes-from', ({ cli, engine, unique }) => {
  const shared = '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}\n{{end}}';
  /** A container with a named and an anonymous volume, a bind mount and files. */
  async function makeSource(): Promise<{ source: string; named: string }> {
    const [source, named] = [unique('source'), unique('named')];
    const mounts = ['-v', `${named}:/named`, '-v', '/anonymous', '-v', `${engine().directory}:/bound:ro`];
    const script = 'echo n > /named/file; echo a > /anonymous/file';
    await cli.out('run', '--name', source, ...mounts, 'busybox', 'sh', '-c', script);
    return { source, named };
  }

  it('gives all mounts of another container, which need not run', async () => {
    const { source, named } = await makeSource();
    const run = (...args: string[]): Promise<string> =>
      cli.out(
        'run',
        '--rm',
        '--volumes-from',
        ...args.slice(0, 1),
        ...args.slice(1, -1),
        'busybox',
        'sh',
        '-c',
        args.at(-1) ?? '',
      );
    assert.equal(await run(source, 'cat /named/file /anonymous/file; ls -d /bound'), 'n\na\n/bound');
    assert.equal(await run(source, 'touch /named/x && touch /bound/x 2>/dev/null || echo no'), 'no');
    const write = 'for m in named anonymous bound; do touch /$m/y 2>/dev/null || echo no $m; done';
    assert.equal(await run(`${source}:ro`, write), 'no named\nno anonymous\nno bound');
    assert.equal(await run(`${source}:rw`, write), 'no bound');
    // The container's own mount goes before.
    assert.equal(await run(source, '--tmpfs', '/named', 'ls /named; cat /anonymous/file'), 'a');
    // --rm took nothing along that the source has.
    assert.equal(await run(source, 'cat /anonymous/file'), 'a');
    const user = await cli.out('create', '--volumes-from', `${source}:ro`, 'busybox');
    assert.equal(
      await cli.out('inspect', '--format', '{{json .HostConfig.VolumesFrom}}', user),
      `["${source}:ro"]`,
    );
    const own = await cli.out('inspect', '--format', shared, source);
    const theirs = await cli.out('inspect', '--format', shared, user);
    assert.deepEqual(theirs.split('\n').sort(), own.replaceAll(' true', ' false').split('\n').sort());
    // The anonymous volume goes with the last of those that have it.
    const anonymous = /volume ([0-9a-f]{64})/.exec(own)?.[1] ?? '';
    await cli.out('rm', '-v', source);
    assert.equal(await cli.out('volume', 'inspect', '--format', '{{.Name}}', anonymous), anonymous);
    await cli.out('rm', '-v', user);
    assert.equal((await cli.run(['volume', 'inspect', anonymous])).code, 1);
    await cli.out('volume', 'rm', named);
  });

  it('refuses a container that is not there, and a mode that is none', async () => {
    const missing = await cli.run(['run', '--rm', '--volumes-from', 'nobody', 'busybox']);
    assert.equal(missing.code, 125);
    assert.match(missing.stderr, /No such container: nobody/);
    const source = await cli.out('create', 'busybox');
    for (const mode of ['odd', 'nocopy', 'ro,nocopy', 'ro,rw', 'z,Z', 'rslave', 'ro:z']) {
      const { code, stderr } = await cli.run([
        'run',
        '--rm',
        '--volumes-from',
        `${source}:${mode}`,
        'busybox',
      ]);
      assert.equal(code, 125);
      assert.match(stderr, new RegExp(`invalid mode: ${mode}`));
    }
    await cli.out('rm', source);
  });

  it('takes words that mean nothing here, and tells no modes of what it has borrowed', async () => {
    const source = await cli.out(
      'create',
      '-v',
      `${unique('named')}:/named:ro`,
      '-v',
      '/anonymous',
      'busybox',
    );
    const modes = (container: string): Promise<string> =>
      cli.out('inspect', '--format', '{{range .Mounts}}{{.Destination}}={{.Mode}} {{end}}', container);
    assert.deepEqual((await modes(source)).trim().split(' ').sort(), ['/anonymous=', '/named=ro']);
    for (const mode of ['ro,z', 'cached', 'Z,rw,delegated']) {
      const user = await cli.out('create', '--volumes-from', `${source}:${mode}`, 'busybox');
      assert.deepEqual((await modes(user)).trim().split(' ').sort(), ['/anonymous=', '/named=']);
      await cli.out('rm', user);
    }
    await cli.out('rm', '-v', source);
  });
});
