import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('the garbage collector', () => {
  let daemon: Daemon;
  before(async () => {
    const kept = ['--build-cache', 'off', '--build-cache', 'keep=0,unused-for=0'];
    daemon = await startDaemon({ args: ['--gc-interval', '1s', '--keep-unfinished', '1h', ...kept] });
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('cuts back the build cache by the rules of the configuration, and leaves what images have', async () => {
    const context = path.join(daemon.directory, 'context');
    fs.mkdirSync(context);
    fs.writeFileSync(
      path.join(context, 'Dockerfile'),
      'FROM busybox\nRUN head -c 100000 /dev/urandom > /file\n',
    );
    const dhow = daemon.cli('dhow');
    await dhow.out('build', '-q', '-t', 'built', context);
    await waitFor('the cache to be empty', async () => {
      const body = await dhow.out('system', 'df', '--format', '{{.Type}} {{.TotalCount}}');
      return /^Build Cache 0$/m.test(body);
    });
    assert.equal(await dhow.out('run', '--rm', 'built', 'stat', '-c', '%s', '/file'), '100000');
    await dhow.out('rmi', 'built');
  });

  it('drops what broken downloads left when its time has come, not before', async () => {
    const ingests = path.join(daemon.dataRoot, 'content/ingest');
    const [old, fresh] = ['old', 'fresh'].map((name) => path.join(ingests, name)) as [string, string];
    for (const file of [fresh, old]) fs.writeFileSync(file, 'part of a blob');
    const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
    fs.utimesSync(old, twoHoursAgo, twoHoursAgo);
    await waitFor('the old one to go', () => !fs.existsSync(old));
    assert.ok(fs.existsSync(fresh));
  });

  it('copies the database when something was changed', async () => {
    const copy = path.join(daemon.dataRoot, 'dhow.db.snapshot');
    await daemon.cli('docker').out('volume', 'create', 'copied-with-the-database');
    await waitFor('the copy', () => fs.readFileSync(copy).includes('copied-with-the-database'));
    await daemon.cli('docker').out('volume', 'rm', 'copied-with-the-database');
  });
});
