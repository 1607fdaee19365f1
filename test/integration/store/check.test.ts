import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setXattr } from '#sys/xattr.ts';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { type PushedImage, pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let registry: Registry;
let daemon: Daemon;
let dhow: Cli;
before(async () => {
  [registry, daemon] = await Promise.all([startRegistry(), startDaemon()]);
  dhow = daemon.cli('dhow');
  await importBase(daemon);
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

async function pull(repository: string): Promise<PushedImage & { name: string }> {
  const recipe = { format: 'oci', compression: 'gzip', files: { greeting: repository } } as const;
  const pushed = await pushImage(registry, repository, recipe, 'v1');
  const name = `${registry.address}/${repository}:v1`;
  await dhow.out('pull', '-q', name);
  return { ...pushed, name };
}

/** The directory with the files of an image's top layer. */
function topLayer(): string {
  const layers = path.join(daemon.dataRoot, 'layers');
  const numbers = fs.readdirSync(layers).filter((name) => /^\d+$/.test(name));
  return path.join(layers, String(Math.max(...numbers.map(Number))));
}

const blob = (digest: string): string =>
  path.join(daemon.dataRoot, 'content/blobs/sha256', digest.replace('sha256:', ''));

const run = async (...args: string[]): Promise<{ code: number; stdout: string }> =>
  dhow.run(['system', 'check', ...args], { timeoutMs: 60_000 });

/** Finds the damage, mends it, and finds nothing more. */
async function findAndMend(what: RegExp, how: RegExp): Promise<void> {
  const found = await run();
  assert.equal(found.code, 1, found.stdout);
  assert.match(found.stdout, what);
  const mended = await run('--repair');
  assert.equal(mended.code, 0, mended.stdout);
  assert.match(mended.stdout, how);
  assert.deepEqual(await run(), { code: 0, stdout: 'Everything is as it should be.\n', stderr: '' });
}

describe('system check', () => {
  it('finds nothing where nothing is wrong', async () => {
    await pull('whole');
    assert.deepEqual(await run(), { code: 0, stdout: 'Everything is as it should be.\n', stderr: '' });
    assert.deepEqual(await run('--quiet', '--repair'), { code: 0, stdout: '', stderr: '' });
  });

  for (const [damage, change, found] of [
    [
      'changed content',
      (files: string) => fs.writeFileSync(`${files}/greeting`, 'XXXXXXX'),
      /layer .*damaged/,
    ],
    ['a file that is gone', (files: string) => fs.rmSync(`${files}/greeting`), /greeting.*is gone/],
    ['all files gone', (files: string) => fs.rmSync(files, { recursive: true }), /its files are gone/],
    ['no record', (files: string) => fs.rmSync(`${files}/../tar-record`), /record of its tar is gone/],
    [
      'a cut record',
      (files: string) => fs.truncateSync(`${files}/../tar-record`, 30),
      /record of a layer is damaged/,
    ],
  ] as const) {
    it(`mends a layer with ${damage} from its registry`, async () => {
      const { name } = await pull(`layer-${damage.replaceAll(' ', '-')}`);
      change(`${topLayer()}/fs`);
      await findAndMend(found, /mended: unpacked anew from 127\.0\.0\.1/);
      assert.equal(
        await dhow.out('run', '--rm', name, 'cat', '/greeting'),
        `layer-${damage.replaceAll(' ', '-')}`,
      );
    });
  }

  for (const [damage, change, found] of [
    ['a changed mode', (files: string) => fs.chmodSync(`${files}/greeting`, 0o4755), /mode/],
    ['a changed owner', (files: string) => fs.chownSync(`${files}/greeting`, 1, 1), /uid/],
    ['a changed time', (files: string) => fs.utimesSync(`${files}/greeting`, 1, 1), /mtime/],
    ['a file too many', (files: string) => fs.writeFileSync(`${files}/evil`, 'x'), /evil|mtime/],
    [
      'a new attribute',
      (files: string) => {
        const fd = fs.openSync(`${files}/greeting`, 'r+');
        setXattr(fd, 'user.x', Buffer.from('y'));
        fs.closeSync(fd);
      },
      /attribute user\.x/,
    ],
  ] as const) {
    it(`mends a layer with ${damage} from itself`, async () => {
      await pull(`metadata-${damage.replaceAll(' ', '-')}`);
      change(`${topLayer()}/fs`);
      await findAndMend(found, /mended: unpacked anew from itself/);
      assert.equal(fs.existsSync(`${topLayer()}/fs/evil`), false);
    });
  }

  it('fetches damaged and missing documents again', async () => {
    const { configDigest, digest, name } = await pull('documents');
    fs.writeFileSync(blob(configDigest), 'damaged');
    fs.rmSync(blob(digest));
    await findAndMend(
      /bytes do not have its digest[\s\S]*is missing|is missing[\s\S]*bytes/,
      /fetched again from/,
    );
    await dhow.out('save', '-o', `${daemon.directory}/documents.tar`, name);
  });

  it('removes what lies about', async () => {
    fs.writeFileSync(path.join(daemon.dataRoot, 'content/blobs/sha256/not-a-digest'), 'x');
    fs.mkdirSync(path.join(daemon.dataRoot, 'layers/99999/fs'), { recursive: true });
    await findAndMend(/belongs to nothing/, /mended: removed/);
    assert.equal(fs.existsSync(path.join(daemon.dataRoot, 'layers/99999')), false);
  });

  it('gives up an image that nobody has any more, and tells its name', async () => {
    const tar = `${daemon.directory}/lost.tar`;
    execFileSync('tar', ['-C', '/etc', '-cf', tar, 'passwd']);
    await dhow.out('import', tar, 'lost:v1');
    fs.rmSync(`${topLayer()}/fs/passwd`);
    await findAndMend(/passwd.*is gone/, /pull or load lost:v1 anew/);
    assert.equal(await dhow.out('images', '-q', 'lost'), '');
    await dhow.out('import', tar, 'lost:v1');
    await dhow.out('rmi', 'lost:v1');
  });

  it('leaves what a running container has mounted, and says which', async () => {
    const { name } = await pull('mounted');
    const id = await dhow.out('run', '-d', name, 'sleep', '1000');
    fs.chmodSync(`${topLayer()}/fs/greeting`, 0o777);
    const refused = await run('--repair');
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, new RegExp(`NOT mended: container ${id.slice(0, 12)} has it mounted`));
    await dhow.out('rm', '-f', id);
    await findAndMend(/mode/, /from itself/);
  });
});
