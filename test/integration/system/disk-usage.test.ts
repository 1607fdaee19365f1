import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('system df', ({ cli, unique }) => {
  async function rowOf(
    type: string,
  ): Promise<{ total: number; active: number; size: string; reclaimable: string }> {
    const lines = (await cli.out('system', 'df', '--format', '{{json .}}')).split('\n');
    const row = lines.map((line) => JSON.parse(line)).find(({ Type }) => Type === type);
    return {
      total: Number(row.TotalCount),
      active: Number(row.Active),
      size: row.Size,
      reclaimable: row.Reclaimable,
    };
  }

  test('counts containers, their writable layers and volumes', async () => {
    const name = unique('usage');
    const volume = unique('volume');
    const before = { containers: await rowOf('Containers'), volumes: await rowOf('Local Volumes') };
    const script = 'head -c 1000000 /dev/zero >/mega; head -c 2000000 /dev/zero >/data/two';
    await cli.out('run', '--name', name, '--volume', `${volume}:/data`, 'busybox', 'sh', '-c', script);
    const containers = await rowOf('Containers');
    assert.equal(containers.total, before.containers.total + 1);
    assert.equal(containers.active, before.containers.active);
    assert.match(containers.size, /^1(\.0\d*)?MB$/);
    assert.match(containers.reclaimable, /^1(\.0\d*)?MB \(100%\)$/);
    const volumes = await rowOf('Local Volumes');
    assert.equal(volumes.active, before.volumes.active + 1);
    assert.match(volumes.size, /^2(\.0\d*)?MB$/);
    assert.match((await rowOf('Images')).size, /MB$/);

    const verbose = await cli.out('system', 'df', '--verbose');
    assert.match(verbose, new RegExp(`${volume} +1 +2(\\.0\\d*)?MB`));
    assert.match(verbose, new RegExp(`1 +1(\\.0\\d*)?MB .* ${name}`));
    const format =
      '{{range .Containers}}{{.Names}} {{.Size}};{{end}}{{range .Volumes}}{{.Name}} {{.Size}};{{end}}';
    const parts = await cli.out('system', 'df', '--verbose', '--format', format);
    assert.match(parts, new RegExp(`${name} 1(\\.0\\d*)?MB;.*${volume} 2(\\.0\\d*)?MB;`));
    const object = JSON.parse(await cli.out('system', 'df', '--verbose', '--format', '{{json .}}'));
    assert.deepEqual(Object.keys(object), ['Images', 'Containers', 'Volumes', 'BuildCache']);
    await cli.out('rm', name);
    assert.match((await rowOf('Local Volumes')).reclaimable, /^2(\.0\d*)?MB \(100%\)$/);
    await cli.out('volume', 'rm', volume);
  });
});
