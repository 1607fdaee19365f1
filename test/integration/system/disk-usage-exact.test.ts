import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

interface Usage {
  LayersSize: number;
  Containers: { Names: string[]; SizeRw: number }[];
  Volumes: { Name: string; UsageData: { Size: number } }[];
}

describe('system df', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  /** Bytes of the files below, each once, as du counts them without the directories' own. */
  async function bytesOf(...paths: string[]): Promise<number> {
    const lines = await outputOf('find', [...paths, '-type', 'f', '-printf', '%D:%i %s\\n']);
    const sizes = new Map(lines.split('\n').map((line) => line.split(' ') as [string, string]));
    return [...sizes.values()].reduce((sum, size) => sum + Number(size), 0);
  }

  it('equals what is on the disk, logs and hard links included', async () => {
    const docker = daemon.cli('docker');
    const script =
      'echo logged; head -c 300000 /dev/urandom > /a; ln /a /b; mkdir -p /d/e; cp /a /d/e; head -c 70000 /a > /data/a; ln /data/a /data/b; ln -s /a /data/c';
    await docker.out('run', '--name', 'writer', '-v', 'data:/data', 'busybox', 'sh', '-c', script);
    await docker.out('commit', 'writer', 'written');
    const body = await outputOf('curl', ['-s', '--unix-socket', daemon.socket, 'http://d/v1.47/system/df']);
    const usage = JSON.parse(body) as Usage;
    const id = await docker.out('inspect', '--format', '{{.Id}}', 'writer');
    const own = path.join(daemon.dataRoot, 'containers', id);
    const logs = await outputOf('find', [own, '-maxdepth', '1', '-name', 'log*', '-type', 'f']);
    const [container] = usage.Containers;
    assert.equal(container?.SizeRw, await bytesOf(path.join(own, 'upper'), ...logs.split('\n')));
    assert.ok(container.SizeRw > 600_000 && container.SizeRw < 700_000, String(container.SizeRw));
    const [volume] = usage.Volumes;
    assert.equal(volume?.UsageData.Size, await bytesOf(path.join(daemon.dataRoot, 'volumes/data/_data')));
    assert.equal(volume.UsageData.Size, 70_000);
    const layers = await outputOf('find', [
      path.join(daemon.dataRoot, 'layers'),
      ...['-mindepth', '2', '-maxdepth', '2', '-name', 'fs'],
    ]);
    assert.equal(usage.LayersSize, await bytesOf(...layers.split('\n')));
  });
});
