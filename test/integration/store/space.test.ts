import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { waitFor } from '../../support/wait-for.ts';
import { storeFiles } from '../image/store-files.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

/** Text that does not compress well. */
const noise = (bytes: number): string => randomBytes(Math.ceil(bytes * 0.75)).toString('base64');

async function push(repository: string, bytes: number): Promise<string> {
  const recipe = { format: 'oci', compression: 'gzip', files: { noise: noise(bytes) } } as const;
  await pushImage(registry, repository, recipe, 'v1');
  return `${registry.address}/${repository}:v1`;
}

describe('the store', () => {
  it('is as large as a fresh one when everything was removed', async () => {
    await using daemon = await startDaemon();
    const dhow = daemon.cli('dhow');
    // The database has pages to spare, and space that it keeps for a full disk.
    const used = async (): Promise<number> =>
      Number(
        (await outputOf('du', ['-s', '--block-size=1', '--exclude=dhow.db*', daemon.dataRoot])).split(
          '\t',
        )[0],
      );
    const [fresh, files] = [await used(), storeFiles(daemon.dataRoot)];

    const names = [await push('space/one', 1_000_000), await push('space/two', 3_000_000)];
    for (const name of names) await dhow.out('pull', '-q', name);
    for (let i = 0; i < 50; i++) await dhow.out('tag', names[0] ?? '', `space:${i}`);
    const archive = path.join(daemon.directory, 'saved.tar');
    await dhow.out('save', '-o', archive, ...names);
    await dhow.out('tag', names[1] ?? '', `${registry.address}/space/three:v1`);
    await dhow.out('push', '-q', `${registry.address}/space/three:v1`);
    await dhow.out('run', '--rm', names[0] ?? '', 'true');
    assert.ok((await used()) > fresh + 4_000_000);
    await dhow.out('image', 'prune', '--all', '--force');
    await dhow.out('load', '-q', '-i', archive);
    await dhow.out('image', 'prune', '--all', '--force');

    assert.deepEqual(storeFiles(daemon.dataRoot), files);
    assert.ok((await used()) <= fresh, `${await used()}, was ${fresh}`);
  });

  it('keeps one copy of each layer', async () => {
    await using daemon = await startDaemon();
    const dhow = daemon.cli('dhow');
    await dhow.out('pull', '-q', await push('space/copy', 8_000_000));
    const sizes = storeFiles(daemon.dataRoot).map((line) => Number(/ (\d+)$/.exec(line)?.[1] ?? 0));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const size = Number(
      await dhow.out('image', 'inspect', '--format', '{{.Size}}', `${registry.address}/space/copy:v1`),
    );
    assert.ok(total < size * 1.02, `${total} bytes are kept of an image of ${size}`);
  });

  it('survives a full disk in the middle of a pull, load and import', async () => {
    const mount = fs.mkdtempSync('/tmp/dhow-test-full-');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', mount]);
    try {
      const dataRoot = path.join(mount, 'data');
      await using daemon: Daemon = await startDaemon({ args: ['--data-root', dataRoot] });
      const dhow = daemon.cli('dhow');
      const small = await push('space/small', 100_000);
      await dhow.out('pull', '-q', small);
      const before = storeFiles(dataRoot);
      const large = await push('space/large', 60_000_000);
      const archive = path.join(daemon.directory, 'large.tar');
      await registry.skopeoCopy(`docker://${large}`, `docker-archive:${archive}:large:v1`);
      const commands: [verb: string, ...rest: string[]][] = [
        ['pull', '-q', large],
        ['load', '-i', archive],
        ['import', archive],
      ];
      for (const command of commands) {
        const { code, stderr } = await dhow.run(command, { timeoutMs: 60_000 });
        assert.equal(code, 1, command[0]);
        assert.match(stderr, /no space left|ENOSPC/i, command[0]);
        await waitFor(`the remains of ${command[0]} to go`, () => {
          return JSON.stringify(storeFiles(dataRoot)) === JSON.stringify(before);
        });
      }
      assert.equal(await dhow.out('run', '--rm', small, 'echo', 'alive'), 'alive');
      assert.equal(await dhow.out('system', 'check'), 'Everything is as it should be.');
      await dhow.out('rmi', small);
      await dhow.out('pull', '-q', small);
    } finally {
      execFileSync('umount', ['--lazy', mount]);
      fs.rmdirSync(mount);
    }
  });
});
