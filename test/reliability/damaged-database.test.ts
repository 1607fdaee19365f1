import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dhowProgram } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { createSeeded } from './load/seeded.ts';
import { createWorld, type World } from './world.ts';

const pageBytes = 4096;
/** DHOW_DAMAGED_PAGES: how many pages of the database, `all` for each in turn. */
const wanted = process.env['DHOW_DAMAGED_PAGES'] ?? '4';
const seed = Number(process.env['DHOW_RANDOM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe(`a damaged database (seed ${seed})`, () => {
  let world: World;
  let file: string;
  before(async () => {
    world = await createWorld({ program: dhowProgram });
    file = path.join(world.daemon.dataRoot, 'dhow.db');
    const { docker } = world;
    await docker.out('network', 'create', 'net');
    await docker.out(
      'create',
      '--name',
      'made',
      '--network',
      'net',
      '-v',
      'data:/data',
      'busybox',
      'sleep',
      '1000',
    );
    await docker.out(
      'run',
      '--name',
      'ended',
      '-v',
      'data:/data',
      'busybox',
      'sh',
      '-c',
      'echo kept > /data/file',
    );
    await docker.out('tag', 'busybox', 'other:v1');
  });
  after(() => world?.[Symbol.asyncDispose]());

  /** With the log in the file, and a copy beside it. */
  async function stop(): Promise<void> {
    await world.daemon.stop();
    assert.ok(fs.existsSync(`${file}.snapshot`));
  }

  async function checkAll(what: string): Promise<void> {
    const { docker } = world;
    const names = (await docker.out('ps', '-a', '--format', '{{.Names}} {{.State}}')).split('\n').sort();
    assert.deepEqual(names, ['bystander running', 'ended exited', 'made created'], what);
    assert.match(await docker.out('images', '--format', '{{.Repository}}'), /^other$/m, what);
    await docker.out('network', 'inspect', 'net');
    assert.equal(
      await docker.out('run', '--rm', '-v', 'data:/data', 'busybox', 'cat', '/data/file'),
      'kept',
      what,
    );
    await world.checkConsistency();
    await docker.out('stop', '-t', '0', 'made', 'ended');
    // As it was.
    await docker.out('rm', 'made', 'ended');
    await docker.out(
      'create',
      '--name',
      'made',
      '--network',
      'net',
      '-v',
      'data:/data',
      'busybox',
      'sleep',
      '1000',
    );
    await docker.out('run', '--name', 'ended', '-v', 'data:/data', 'busybox', 'true');
  }

  async function startWithDamage(what: string): Promise<void> {
    const before = world.daemon.log().length;
    await world.daemon.start();
    const told = world.daemon.log().slice(before);
    assert.match(told, /level=error event=database-rescued/, what);
    world.forgiveLog();
  }

  it('is made anew, whatever page is overwritten', { timeout: 1_800_000 }, async (test) => {
    await stop();
    const pages = fs.statSync(file).size / pageBytes;
    const all = Array.from({ length: pages }, (_, index) => index + 1);
    const choose = createSeeded(seed);
    const chosen =
      wanted === 'all' ? all : [1, ...Array.from({ length: Number(wanted) - 1 }, () => choose.pick(all))];
    for (const page of chosen) {
      const fd = fs.openSync(file, 'r+');
      fs.writeSync(fd, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, (page - 1) * pageBytes);
      fs.closeSync(fd);
      await startWithDamage(`page ${page} of ${pages}`);
      await checkAll(`page ${page} of ${pages}`);
      await stop();
    }
    await world.daemon.start();
    test.diagnostic(`${chosen.length} of ${pages} pages`);
  });

  it('comes from its copy when it is gone, and what has no row there is kept aside', async () => {
    await stop();
    const copy = fs.readFileSync(`${file}.snapshot`);
    await world.daemon.start();
    await world.docker.out('run', '--name', 'later', 'busybox', 'sh', '-c', 'echo unknown > /file');
    const id = await world.docker.out('inspect', '--format', '{{.Id}}', 'later');
    await stop();
    fs.writeFileSync(`${file}.snapshot`, copy);
    fs.rmSync(file);
    await startWithDamage('gone');
    await checkAll('gone');
    const orphans = path.join(world.daemon.dataRoot, 'orphans');
    const [round = ''] = fs.readdirSync(orphans);
    const kept = path.join(orphans, round, 'containers', id, 'upper/file');
    assert.equal(fs.readFileSync(kept, 'utf8'), 'unknown\n');
    fs.rmSync(orphans, { recursive: true });
  });

  it('is found by a check of the running daemon, which names the remedy', async () => {
    const { daemon } = world;
    await stop();
    await daemon.start();
    const row = await waitFor('a row in the file', () => {
      const found = fs.readFileSync(file).indexOf('docker.io/library/other:v1');
      return found > 0 && found;
    });
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, Math.floor(row / pageBytes) * pageBytes);
    fs.closeSync(fd);
    const { code, stdout } = await world.dhow.run(['system', 'check', '--repair']);
    assert.notEqual(code, 0);
    assert.match(stdout, /dhow\.db[\s\S]*start the daemon anew/);
    await daemon.kill9();
    await startWithDamage('while it ran');
    await checkAll('while it ran');
    await world.wipe();
  });
});
