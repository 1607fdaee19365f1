import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

/** More than mount(2) takes the names of in a page, and more than Docker's 128. */
const layers = 300;

describe(`an image of ${layers} layers`, () => {
  let daemon: Daemon;
  let dhow: Cli;
  before(async () => {
    daemon = await startDaemon();
    dhow = daemon.cli('dhow');
    await importBase(daemon);
    const context = path.join(daemon.directory, 'context');
    fs.mkdirSync(context);
    const steps: string[] = ['FROM busybox'];
    for (let index = 1; index < layers; index++) {
      fs.writeFileSync(path.join(context, `file-${index}`), String(index));
      steps.push(`COPY file-${index} /files/`);
    }
    fs.writeFileSync(path.join(context, 'Dockerfile'), `${steps.join('\n')}\n`);
    const built = await dhow.run(['build', '-q', '-t', 'tall', context], { timeoutMs: 120_000 });
    assert.equal(built.code, 0, built.stderr);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('runs, with a volume filled from it', async () => {
    assert.equal(await dhow.out('inspect', '--format', '{{len .RootFS.Layers}}', 'tall'), String(layers));
    const script = `ls /files | wc -l; cat /files/file-1 /files/file-${layers - 1}`;
    assert.equal(await dhow.out('run', '--rm', 'tall', 'sh', '-c', script), `${layers - 1}\n1${layers - 1}`);
    assert.equal(
      await dhow.out('run', '--rm', '-v', '/files', 'tall', 'sh', '-c', script),
      `${layers - 1}\n1${layers - 1}`,
    );
  });

  it('is committed, copied from and mounted', async () => {
    await dhow.out('run', '--name', 'top', 'tall', 'sh', '-c', 'rm /files/file-7; echo new > /files/new');
    assert.equal(await dhow.out('diff', 'top'), 'C /files\nD /files/file-7\nA /files/new');
    await dhow.out('cp', 'top:/files/file-8', path.join(daemon.directory, 'eight'));
    assert.equal(fs.readFileSync(path.join(daemon.directory, 'eight'), 'utf8'), '8');
    await dhow.out('commit', 'top', 'taller');
    await dhow.out('rm', 'top');
    const mounted = ['--mount', 'type=image,src=taller,dst=/image,image-subpath=files'];
    assert.equal(
      await dhow.out('run', '--rm', ...mounted, 'busybox', 'sh', '-c', 'ls /image | wc -l; cat /image/new'),
      `${layers - 1}\nnew`,
    );
  });
});
