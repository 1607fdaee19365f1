import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import {
  createLoopFileSystem,
  type FileSystemType,
  type LoopFileSystem,
  missingFileSystem,
} from '../../support/loop-file-system.ts';

const sharesBlocks: readonly FileSystemType[] = ['xfs', 'btrfs'];

for (const type of ['ext4', 'xfs', 'btrfs'] as const) {
  describe(`a data root on ${type}`, { skip: missingFileSystem(type) ?? false }, () => {
    let disk: LoopFileSystem;
    let daemon: Daemon;
    let dhow: Cli;
    before(async () => {
      disk = await createLoopFileSystem(type, 400);
      if (type === 'btrfs') await outputOf('btrfs', ['quota', 'enable', disk.directory]);
      daemon = await startDaemon({ dataRoot: path.join(disk.directory, 'data') });
      dhow = daemon.cli('dhow');
      await importBase(daemon);
    });
    after(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await disk?.[Symbol.asyncDispose]();
    });
    const sh = (mounts: string[], script: string): Promise<string> =>
      dhow.out('run', '--rm', ...mounts, 'busybox', 'sh', '-c', script);

    it('containers write, are committed, and their size is told', async () => {
      const script =
        'rm /etc/group; mkdir /etc/new; mv /etc/passwd /etc/new; dd if=/dev/zero of=/big bs=1k count=300 2>/dev/null';
      await dhow.out('run', '--name', 'writer', 'busybox', 'sh', '-c', script);
      assert.match(
        await dhow.out('ps', '-a', '-s', '--format', '{{.Names}} {{.Size}}'),
        /^writer 307kB \(virtual \d+(\.\d+)?MB\)$/,
      );
      const changes = (await dhow.out('diff', 'writer')).split('\n').sort();
      assert.deepEqual(changes, [
        'A /big',
        'A /etc/new',
        'A /etc/new/passwd',
        'C /etc',
        'D /etc/group',
        'D /etc/passwd',
      ]);
      await dhow.out('commit', 'writer', 'written');
      assert.equal(
        await dhow.out(
          'run',
          '--rm',
          'written',
          'sh',
          '-c',
          'ls -d /etc/new /etc/group /etc/passwd 2>/dev/null; stat -c %s /big',
        ),
        '/etc/new\n307200',
      );
      await dhow.out('rm', 'writer');
      await dhow.out('rmi', 'written');
    });

    it('volumes are filled, cloned and removed', async () => {
      assert.match(await sh(['-v', 'filled:/etc'], 'ls /etc'), /passwd/);
      const { stderr } = await dhow.run(['volume', 'clone', 'filled', 'clone']);
      if (sharesBlocks.includes(type)) assert.equal(stderr, '');
      else assert.match(stderr, /cannot share blocks/);
      assert.match(await sh(['-v', 'clone:/data'], 'cat /data/passwd'), /^root:/);
      await dhow.out('volume', 'rm', 'filled', 'clone');
      assert.deepEqual(fs.readdirSync(path.join(daemon.dataRoot, 'volumes')), []);
    });

    it('a killed daemon’s containers go on', async () => {
      await dhow.out(
        'run',
        '-d',
        '--name',
        'goes-on',
        'busybox',
        'sh',
        '-c',
        'echo here > /file; exec sleep 1000',
      );
      await daemon.kill9();
      await daemon.start();
      assert.equal(await dhow.out('exec', 'goes-on', 'cat', '/file'), 'here');
      await dhow.out('rm', '-f', 'goes-on');
    });

    it('sizes are limited, or refused with the remedy', async () => {
      const write = 'dd if=/dev/zero of=/data/big bs=1M count=40 2>&1 | grep -o "Disk quota exceeded"';
      const limited = await dhow.run(['volume', 'create', '--opt', 'size=20m', 'limited']);
      if (type !== 'btrfs') {
        // This machine's kernel may keep project quotas; then the volumes' own test looks at them.
        if (limited.code === 0) await dhow.out('volume', 'rm', 'limited');
        else assert.match(limited.stderr, /prjquota .*, or leave the size out/);
        const { code, stderr } = await dhow.run(['create', '--storage-opt', 'size=20m', 'busybox']);
        if (code === 0) return;
        assert.match(stderr, /prjquota .*, or leave the size out/);
        assert.deepEqual(fs.readdirSync(path.join(daemon.dataRoot, 'containers')), []);
        return;
      }
      assert.equal(limited.code, 0, limited.stderr);
      assert.equal(await sh(['-v', 'limited:/data'], write), 'Disk quota exceeded');
      await dhow.out('volume', 'rename', 'limited', 'renamed');
      assert.equal(
        await sh(['-v', 'renamed:/data'], 'rm /data/big; echo small > /data/small; cat /data/small'),
        'small',
      );
      await dhow.out('volume', 'rm', 'renamed');
      const name = ['--name', 'small', '--storage-opt', 'size=20m'];
      assert.equal(
        await dhow.out('run', ...name, 'busybox', 'sh', '-c', `mkdir -p /data; ${write}; echo end`),
        'Disk quota exceeded\nend',
      );
      assert.equal(
        await dhow.out('inspect', '--format', '{{json .HostConfig.StorageOpt}}', 'small'),
        '{"size":"20m"}',
      );
      assert.match(await dhow.out('ps', '-a', '-s', '--format', '{{.Size}}'), /^(19|20|21)(\.\d)?MB /);
      // Full as it is, it starts, logs, is copied from, and removed.
      assert.match(await dhow.out('start', '-a', 'small'), /end$/);
      assert.match(await dhow.out('logs', 'small'), /^Disk quota exceeded\nend\n(.*\n)?end$/);
      await dhow.out('cp', 'small:/etc/passwd', path.join(daemon.directory, 'passwd'));
      assert.match(await dhow.out('diff', 'small'), /^A \/data\/big$/m);
      await dhow.out('rm', 'small');
    });

    it('an option that the storage does not have is refused', async () => {
      const { code, stderr } = await dhow.run(['create', '--storage-opt', 'speed=1', 'busybox']);
      assert.notEqual(code, 0);
      assert.match(stderr, /unknown option for the storage: speed/);
    });
  });
}
