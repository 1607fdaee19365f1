import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { closeFd, openDirectoryInRoot } from '#sys/file-tree.ts';
import { hasCode, SystemError } from '#sys/libc.ts';
import { openInRoot, openRoot } from '#sys/open-in-root.ts';

let directory: string;
before(() => {
  directory = fs.mkdtempSync('/tmp/sys-open-in-root-');
  fs.mkdirSync(`${directory}/root/a/b`, { recursive: true });
  fs.symlinkSync('../a/../a/../a/b', `${directory}/root/a/link`);
});
after(() => fs.rmSync(directory, { recursive: true }));

test('errno numbers with two names are found by either', () => {
  for (const [number, ...names] of [
    [11, 'EAGAIN', 'EWOULDBLOCK'],
    [95, 'ENOTSUP', 'EOPNOTSUPP'],
  ] as const) {
    const error = new SystemError('call', number);
    assert.equal(error.code, names[0]);
    for (const name of names) assert.ok(hasCode(error, name), name);
    assert.ok(!hasCode(error, 'ENOENT', 'EMADEUP'));
  }
});

test('`..` is resolved while directories are renamed elsewhere', async () => {
  // Moves between directories are what makes the kernel give up (EAGAIN).
  const churn = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import fs from 'node:fs';
     const [one, two] = ['one', 'two'].map((name) => '${directory}/' + name);
     fs.mkdirSync(one + '/x', { recursive: true });
     fs.mkdirSync(two);
     console.log('ready');
     for (;;) { fs.renameSync(one + '/x', two + '/x'); fs.renameSync(two + '/x', one + '/x'); }`,
  ]);
  const root = openRoot(`${directory}/root`);
  try {
    await once(churn.stdout, 'data');
    for (let i = 0; i < 20_000; i++) {
      closeFd(openInRoot(root, 'a/link', fs.constants.O_RDONLY));
      closeFd(openDirectoryInRoot(root, 'a/link'));
    }
  } finally {
    closeFd(root);
    churn.kill('SIGKILL');
    await once(churn, 'exit');
  }
});
