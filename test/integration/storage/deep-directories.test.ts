import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

it('directories that are nested deeper on the host than a path can tell are measured and removed', async () => {
  await using daemon = await startDaemon();
  await importBase(daemon);
  const docker = daemon.cli('docker');
  const name = 'n'.repeat(100);
  const script = `for place in /top /data; do cd $place; while mkdir ${name} && cd ${name} && echo x >f; do :; done; done 2>/dev/null`;
  const run = ['run', '--name', 'deep', '--tmpfs', '/tmp', '-v', 'deep:/data', '-w', '/top', 'busybox'];
  await docker.out(...run, 'sh', '-c', `${script}; true`);
  const size = (template: string): Promise<string> => docker.out('system', 'df', '-v', '--format', template);
  assert.match(await docker.out('ps', '-as', '--format', '{{.Size}}'), /^[1-9]\d+B /);
  assert.match(await size('{{range .Volumes}}{{.Name}} {{.Size}}{{end}}'), /^deep [1-9]\d+B$/);
  await docker.out('rm', 'deep');
  await docker.out('volume', 'rm', 'deep');
  for (const directory of ['trash', 'volumes', 'containers']) {
    const left = (): string[] => fs.readdirSync(path.join(daemon.dataRoot, directory));
    await waitFor(`${directory} to be empty`, () => left().length === 0);
  }
});
