import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

/** Files of every kind, in the words of a shell in a container. */
const makeFiles = `cd /data; echo text > file; chmod 4755 file; chown 1000:50 file; ln file hard; ln -s file soft; mkfifo pipe;
  mkdir -p deep/er; chmod 1777 deep; printf '\\303\\244' > 'umlaut ä'; touch -d '2001-02-03 04:05:06' deep/er; mknod dev c 1 3; chmod 711 .; chown 7:8 .`;
const tellFiles =
  'cd /data; find . | sort | while read -r f; do stat -c "%n %F %a %u %g %h %s" "$f"; done; readlink soft; stat -c %Y deep/er; cat file "umlaut ä"';

/** What Docker cannot do with volumes. */
describe('volumes renamed, cloned, exported and imported', () => {
  let daemon: Daemon;
  let dhow: Cli;
  const sh = (volume: string, script: string): Promise<string> =>
    dhow.out('run', '--rm', '-v', `${volume}:/data`, 'busybox', 'sh', '-c', script);
  const names = async (): Promise<string[]> => (await dhow.out('volume', 'ls', '-q')).split('\n');
  const refused = async (args: string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await dhow.run(args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
  };
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
    dhow = daemon.cli('dhow');
    await sh('original', makeFiles);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('a clone has the same files, and a life of its own', async () => {
    const { stdout, stderr } = await dhow.run(['volume', 'clone', '--label', 'a=b', 'original', 'clone']);
    assert.equal(stdout, 'clone\n');
    assert.match(stderr, /^$|cannot share blocks/);
    assert.equal(await sh('clone', tellFiles), await sh('original', tellFiles));
    await sh('clone', 'echo changed > /data/file');
    assert.match(await sh('original', 'cat /data/file'), /^text$/);
    assert.equal(await dhow.out('volume', 'inspect', '--format', '{{json .Labels}}', 'clone'), '{"a":"b"}');
    await refused(['volume', 'clone', 'original', 'clone'], /name "clone" is already in use/);
    await refused(['volume', 'clone', 'nothing', 'other'], /no such volume/);
    await refused(['volume', 'clone', 'original', 'a/b'], /includes invalid characters/);
    await refused(['volume', 'clone', '--opt', 'size=1g', 'original', 'small'], /quota/);
    assert.ok(!(await names()).includes('small'));
    await dhow.out('volume', 'rm', 'clone');
  });

  it('a clone of what is being written to comes with a warning', async () => {
    await dhow.out('run', '-d', '--name', 'writer', '-v', 'original:/data', 'busybox', 'sleep', '1000');
    const { stderr } = await dhow.run(['volume', 'clone', 'original', 'torn']);
    assert.match(stderr, /container "writer" may have written to original meanwhile/);
    await dhow.out('rm', '-f', 'writer');
    await dhow.out('volume', 'rm', 'torn');
  });

  it('an exported volume is the same when it is imported', async () => {
    const archive = path.join(daemon.directory, 'volume.tar');
    await dhow.out('volume', 'export', '-o', archive, 'original');
    assert.equal(await dhow.out('volume', 'import', 'copy', archive), 'copy');
    assert.equal(await sh('copy', tellFiles), await sh('original', tellFiles));
    const piped = await dhow.run(['volume', 'import', 'piped'], { input: fs.readFileSync(archive) });
    assert.deepEqual([piped.code, piped.stdout], [0, 'piped\n']);
    assert.equal(await sh('piped', 'cat /data/file'), 'text');
    await refused(['volume', 'import', 'copy', archive], /has content already/);
    assert.equal(await sh('copy', tellFiles), await sh('original', tellFiles));
    await dhow.out('volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'fleeting');
    await dhow.out('run', '-d', '--name', 'holds', '-v', 'fleeting:/data', 'busybox', 'sleep', '1000');
    await dhow.out('volume', 'import', 'fleeting', archive);
    assert.equal(await dhow.out('exec', 'holds', 'cat', '/data/hard'), 'text');
    await dhow.out('rm', '-f', 'holds');
    await dhow.out('volume', 'rm', 'copy', 'piped', 'fleeting');
  });

  it('an import that fails leaves nothing', async () => {
    const broken = path.join(daemon.directory, 'broken.tar');
    const whole = path.join(daemon.directory, 'volume.tar');
    fs.writeFileSync(broken, fs.readFileSync(whole).subarray(0, 5000));
    await refused(['volume', 'import', 'broken', broken], /archive|tar|ends/i);
    assert.ok(!(await names()).includes('broken'));
    await dhow.out('volume', 'create', 'empty');
    await refused(['volume', 'import', 'empty', broken], /archive|tar|ends/i);
    assert.equal(await sh('empty', 'ls -A /data'), '');
    assert.deepEqual(fs.readdirSync(path.join(daemon.dataRoot, 'volumes/empty')), ['_data']);
    await dhow.out('volume', 'rm', 'empty');
    await refused(['volume', 'import', 'missing', '/no/such/file'], /no such file/);
  });

  it('a renamed volume is the same to its containers, running or not', async () => {
    await sh('old', 'echo mine > /data/file');
    const run = ['-v', 'old:/data', 'busybox', 'sh', '-c', 'echo $HOSTNAME >> /data/log; exec sleep 1000'];
    await dhow.out('run', '-d', '--name', 'running', ...run);
    await dhow.out(
      'create',
      '--name',
      'stopped',
      '--mount',
      'type=volume,src=old,dst=/data',
      'busybox',
      'cat',
      '/data/file',
    );
    await dhow.out('volume', 'rename', 'old', 'new');
    assert.equal(await dhow.out('exec', 'running', 'cat', '/data/file'), 'mine');
    assert.equal(await dhow.out('start', '-a', 'stopped'), 'mine');
    await dhow.out('restart', '-t', '0', 'running');
    assert.equal(await dhow.out('exec', 'running', 'sh', '-c', 'wc -l < /data/log'), '2');
    assert.equal(
      await dhow.out(
        'inspect',
        '--format',
        '{{json .HostConfig.Binds}} {{(index .Mounts 0).Name}}',
        'running',
      ),
      '["new:/data"] new',
    );
    await refused(['volume', 'inspect', 'old'], /no such volume/);
    await refused(['volume', 'rm', 'new'], /volume is in use/);
    await dhow.out('volume', 'create', 'old');
    assert.equal(await sh('old', 'ls /data'), '');
    await refused(['volume', 'rename', 'new', 'old'], /name "old" is already in use/);
    await refused(['volume', 'rename', 'nothing', 'other'], /no such volume/);
    await refused(['volume', 'rename', 'new', 'a/b'], /includes invalid characters/);
    await daemon.kill9();
    await daemon.start();
    assert.equal(await dhow.out('exec', 'running', 'cat', '/data/file'), 'mine');
    await dhow.out('rm', '-f', 'running', 'stopped');
    assert.equal(await sh('new', 'cat /data/file'), 'mine');
    await dhow.out('volume', 'rm', 'new', 'old');
  });

  it('an anonymous volume that is given a name stays when its container goes', async () => {
    const id = await dhow.out(
      'run',
      '-d',
      '-v',
      '/data',
      'busybox',
      'sh',
      '-c',
      'echo mine > /data/file; exec sleep 1000',
    );
    const name = await dhow.out('inspect', '--format', '{{(index .Mounts 0).Name}}', id);
    await dhow.out('volume', 'rename', name, 'saved');
    await dhow.out('rm', '-f', '-v', id);
    assert.equal(await sh('saved', 'cat /data/file'), 'mine');
    await dhow.out('volume', 'rm', 'saved');
  });

  it('docker’s command line drives none of it, and volume update is refused as without a swarm', async () => {
    const { code, stderr } = await dhow.run(['volume', 'update', 'original']);
    assert.notEqual(code, 0);
    assert.match(stderr, /unknown command|swarm/);
  });
});
