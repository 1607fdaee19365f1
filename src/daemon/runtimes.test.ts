import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type DaemonConfig, readSettings, resolveConfig } from '#daemon/config.ts';
import { chooseRuntime } from '#daemon/runtimes.ts';
import { silentLog } from '#log/log.ts';
import { findConmon } from '#runtime/detect.ts';

const configOf = (argv: string[]): DaemonConfig => resolveConfig(readSettings(argv));

test('daemon runtimes › the configured conmon is used, and refused when it cannot be', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-runtimes-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const copy = path.join(directory, 'conmon');
  fs.copyFileSync((await findConmon()).path, copy);
  const choose = (file: string) =>
    chooseRuntime(configOf(['--conmon-path', file, '--default-runtime', 'runc']), silentLog);
  assert.equal((await choose(copy)).conmon.path, copy);
  fs.chmodSync(copy, 0o644);
  await assert.rejects(choose(copy), { kind: 'Unavailable', message: /conmon: it is not executable/ });
  fs.rmSync(copy);
  await assert.rejects(choose(copy), { kind: 'Unavailable', message: /conmon: it does not exist/ });
});

test('daemon runtimes › one that was added can be the default, under its name', async () => {
  const added = ['--add-runtime', 'own=/usr/sbin/runc', '--add-runtime', 'other=/opt/other'];
  const { ociRuntime, otherRuntimes } = await chooseRuntime(
    configOf([...added, '--default-runtime', 'own']),
    silentLog,
  );
  assert.deepEqual([ociRuntime.name, ociRuntime.path], ['own', '/usr/sbin/runc']);
  const { runc, other, own } = otherRuntimes;
  assert.deepEqual([runc, other, own], ['/usr/sbin/runc', '/opt/other', undefined]);
});

test('daemon runtimes › controllers are held for crun only', async () => {
  const { claim, ociRuntime } = await chooseRuntime(configOf(['--default-runtime', 'runc']), silentLog);
  assert.deepEqual([ociRuntime.name, claim], ['runc', undefined]);
});
