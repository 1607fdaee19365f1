import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A setuid program in a volume, a password in an environment, a device in an image: none is for other users of the host. */
it('users of the host read and run nothing of what the daemon keeps', async () => {
  await using daemon = await startDaemon();
  await importBase(daemon);
  const docker = daemon.cli('docker');
  const script = 'cp /bin/busybox /v/id; cp /bin/busybox /id; chmod 4755 /v/id /id; echo logged; sleep 1000';
  await docker.out(
    'run',
    '-d',
    '--name',
    'running',
    '-v',
    'kept:/v',
    '-e',
    'PASSWORD=x',
    'busybox',
    'sh',
    '-c',
    script,
  );
  await waitFor('the programs', async () => (await docker.out('logs', 'running')) === 'logged');
  await docker.out('create', '-v', '/home', 'busybox');
  await docker.out('commit', 'running', 'committed');
  const files = [daemon.dataRoot, daemon.runRoot].flatMap((root) =>
    fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .flatMap((entry) => (entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [])),
  );
  assert.ok(files.some((file) => file.endsWith('/_data/id')));
  const open = await outputOf(
    'setpriv',
    [
      '--reuid',
      '12345',
      '--regid',
      '12345',
      '--clear-groups',
      'sh',
      '-c',
      'while read -r file; do if [ -r "$file" ]; then echo "$file"; fi; done',
    ],
    { input: files.join('\n') },
  );
  assert.deepEqual(open.split('\n'), [path.join(daemon.dataRoot, 'engine-id')]);
});
