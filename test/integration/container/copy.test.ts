import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { outputOf, runCommand } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { createScratch } from '../../support/scratch.ts';

function createDirectory(): Disposable & { directory: string } {
  const scratch = createScratch();
  return { directory: scratch.directory, [Symbol.dispose]: () => scratch.remove() };
}

describeEngine('cp, diff and export', ({ cli, unique }) => {
  async function running(script: string, ...options: string[]): Promise<string> {
    const name = unique('copy');
    const command = `${script}; echo ready; exec sleep 1000`;
    await cli.out('run', '--detach', '--name', name, ...options, 'busybox', 'sh', '-c', command);
    await cli.out(
      'exec',
      name,
      'sh',
      '-c',
      'until [ -e /proc/1/exe ] && [ "$(cat /proc/1/comm)" = sleep ]; do :; done',
    );
    return name;
  }

  test('a device on this side stays one', async () => {
    using scratch = createDirectory();
    const name = unique('copy');
    await cli.out('create', '--name', name, 'busybox');
    const device = `${scratch.directory}/null`;
    await outputOf('mknod', [device, 'c', '1', '3']);
    assert.equal((await cli.run(['cp', `${name}:/etc/passwd`, device])).code, 1);
    await cli.run(['export', '--output', device, name]);
    assert.ok(fs.statSync(device).isCharacterDevice());
    await cli.out('rm', name);
  });

  test('nothing is said without a terminal, unless it is asked for; containers do not copy to each other', async () => {
    using scratch = createDirectory();
    const name = unique('copy');
    await cli.out('create', '--name', name, 'busybox');
    const copy = ['cp', `${name}:/etc`, `${scratch.directory}/etc`];
    assert.deepEqual(await cli.run(copy), { code: 0, stdout: '', stderr: '' });
    assert.match((await cli.run([...copy, '--quiet=false'])).stderr, /Successfully copied .* to /);
    const missing = await cli.run(['cp', '-L', `${name}:/none`, scratch.directory]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /Could not find the file \/none in container/);
    const between = await cli.run(['cp', `${name}:/etc`, `${name}:/tmp`]);
    assert.equal(between.code, 1);
    assert.match(between.stderr, /^copying between containers is not supported/);
    await cli.out('rm', name);
  });

  for (const state of ['running', 'stopped'] as const) {
    test(`a tree goes in and comes back the same, ${state}`, async () => {
      using scratch = createDirectory();
      const tree = `${scratch.directory}/tree`;
      fs.mkdirSync(`${tree}/sub`, { recursive: true });
      fs.writeFileSync(`${tree}/sub/file`, 'content', { mode: 0o640 });
      fs.linkSync(`${tree}/sub/file`, `${tree}/hard`);
      fs.symlinkSync('sub/file', `${tree}/soft`);
      fs.writeFileSync(`${tree}/big`, Buffer.alloc(3_000_000, 'x'));
      const name = await running(':', '--volume', `${unique('volume')}:/data`);
      if (state === 'stopped') await cli.out('stop', '--time', '0', name);

      await cli.out('cp', tree, `${name}:/data/new`);
      await cli.out('cp', `${name}:/data/new`, `${scratch.directory}/back`);
      const { code, stdout, stderr } = await runCommand('diff', ['-r', tree, `${scratch.directory}/back`]);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(fs.readlinkSync(`${scratch.directory}/back/soft`), 'sub/file');
      assert.equal(fs.statSync(`${scratch.directory}/back/sub/file`).mode & 0o777, 0o640);
      await cli.out('rm', '--force', '--volumes', name);
    });
  }

  test('names, directories and contents as cp -a has them', async () => {
    using scratch = createDirectory();
    fs.writeFileSync(`${scratch.directory}/file`, 'one');
    const name = await running('mkdir /dir /empty; echo old >/dir/file');
    await cli.out('cp', `${scratch.directory}/file`, `${name}:/dir`);
    await cli.out('cp', `${scratch.directory}/file`, `${name}:/dir/renamed`);
    assert.equal(await cli.out('exec', name, 'cat', '/dir/file', '/dir/renamed'), 'oneone');
    await cli.out('cp', `${name}:/dir/.`, scratch.directory);
    assert.deepEqual(fs.readdirSync(scratch.directory).sort(), ['file', 'renamed']);
    await cli.out('cp', `${name}:/dir`, scratch.directory);
    assert.deepEqual(fs.readdirSync(`${scratch.directory}/dir`).sort(), ['file', 'renamed']);

    const overFile = await cli.run(['cp', scratch.directory, `${name}:/dir/file`]);
    assert.equal(overFile.code, 1);
    assert.match(overFile.stderr, /cannot copy directory/);
    const missing = await cli.run(['cp', `${name}:/nothing`, scratch.directory]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /Could not find the file \/nothing in container/);
    const noDirectory = await cli.run(['cp', `${scratch.directory}/file`, `${name}:/nowhere/`]);
    assert.equal(noDirectory.code, 1);
    await cli.out('rm', '--force', name);
  });

  test('archives through - and links followed with -L', async () => {
    using scratch = createDirectory();
    const name = await running('mkdir /in; echo linked >/target; ln -s /target /link');
    const archive = await cli.run(['cp', `${name}:/target`, '-']);
    assert.ok(/(^|\0)target\0/.test(archive.stdout) && archive.stdout.includes('linked\n'));
    await cli.out('cp', `${name}:/link`, `${scratch.directory}/as-link`);
    assert.equal(fs.readlinkSync(`${scratch.directory}/as-link`), '/target');
    await cli.out('cp', '--follow-link', `${name}:/link`, `${scratch.directory}/as-file`);
    assert.equal(fs.readFileSync(`${scratch.directory}/as-file`, 'utf8'), 'linked\n');
    await cli.out('rm', '--force', name);
  });

  test('links in the container lead nowhere outside', async () => {
    using scratch = createDirectory();
    fs.writeFileSync(`${scratch.directory}/secret`, 'of the host');
    const name = await running(`ln -s ${scratch.directory} /out; ln -s / /root-link`);
    const read = await cli.run(['cp', `${name}:/out/secret`, `${scratch.directory}/stolen`]);
    assert.equal(read.code, 1);
    const write = await cli.run([
      'cp',
      `${scratch.directory}/secret`,
      `${name}:/root-link${scratch.directory}/planted`,
    ]);
    assert.equal(write.code, 1);
    assert.deepEqual(fs.readdirSync(scratch.directory), ['secret']);
    await cli.out('rm', '--force', name);
  });

  test('a read-only root and a read-only volume are not written to', async () => {
    using scratch = createDirectory();
    fs.writeFileSync(`${scratch.directory}/file`, 'x');
    const name = await running(':', '--read-only', '--volume', `${scratch.directory}:/bound:ro`);
    const root = await cli.run(['cp', `${scratch.directory}/file`, `${name}:/tmp/file`]);
    assert.equal(root.code, 1);
    assert.match(root.stderr, /read-only/);
    const volume = await cli.run(['cp', `${scratch.directory}/file`, `${name}:/bound/other`]);
    assert.equal(volume.code, 1);
    assert.match(volume.stderr, /read-only/);
    await cli.out('rm', '--force', name);
  });

  test('diff shows what was added, changed and deleted, and nothing else', async () => {
    const name = await running('rm /bin/ls; mkdir /new; echo x >/new/file; echo x >>/etc/passwd');
    const lines = (await cli.out('diff', name)).split('\n');
    for (const line of ['C /bin', 'D /bin/ls', 'A /new', 'A /new/file', 'C /etc']) {
      assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
    }
    assert.deepEqual(
      lines.filter((line) => /\/(proc|sys|dev)|hosts|resolv/.test(line)),
      [],
    );
    const untouched = await running(':');
    assert.equal(await cli.out('diff', untouched), '');
    await cli.out('rm', '--force', name, untouched);
  });

  test('an exported root can be imported and run', async () => {
    using scratch = createDirectory();
    const name = await running('echo exported >/proof', '--volume', `${unique('volume')}:/data`);
    await cli.out('export', '--output', `${scratch.directory}/root.tar`, name);
    const image = unique('exported');
    await cli.out('import', `${scratch.directory}/root.tar`, image);
    assert.equal(await cli.out('run', '--rm', image, '/bin/cat', '/proof'), 'exported');
    await cli.out('rm', '--force', '--volumes', name);
    await cli.out('rmi', image);
  });
});
