import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { daemonHelp, readConfig } from '#daemon/config.ts';

function withFile(content: string, body: (file: string) => void): void {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-config-'));
  const file = path.join(directory, 'daemon.json');
  fs.writeFileSync(file, content);
  try {
    body(file);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

test('daemon config › flags win over the file, the file over the defaults', () => {
  const content = JSON.stringify({
    'data-root': '/from-file',
    debug: true,
    'insecure-registries': ['a:1', 'b:2'],
  });
  withFile(content, (file) => {
    const config = readConfig([
      '--config-file',
      file,
      '--data-root=/from-flag/',
      '--insecure-registry',
      'c:3',
    ]);
    assert.equal(config.dataRoot, '/from-flag');
    assert.equal(config.logLevel, 'debug');
    assert.deepEqual(config.insecureRegistries, ['c:3']);
    assert.deepEqual(config.hosts, ['unix:///run/dhow/dhow.sock']);
  });
});

const badFiles: [string, string, RegExp][] = [
  ['an unknown key', '{"data-rot": "/x"}', /unknown key "data-rot"; known are .*data-root/],
  ['a wrong type', '{"debug": "yes"}', /"debug" must be a boolean/],
  ['a list of numbers', '{"hosts": [1]}', /"hosts" must be a list of strings/],
  ['no JSON', '{', /is not JSON/],
  ['a list at the top', '[]', /one JSON object/],
  ['runtimes that are a list', '{"runtimes": ["a"]}', /"runtimes" must be an object/],
  ['a runtime without a path', '{"runtimes": {"own": {}}}', /"runtimes"."own" must have a "path"/],
  [
    'a runtime with arguments',
    '{"runtimes": {"own": {"path": "/x", "runtimeArgs": []}}}',
    /"runtimeArgs" is not supp/,
  ],
  ['a runtime of a reserved name', '{"runtimes": {"runc": {"path": "/x"}}}', /the name runc is reserved/],
];
for (const [name, content, message] of badFiles) {
  test(`daemon config › refused file: ${name}`, () => {
    withFile(content, (file) => assert.throws(() => readConfig(['--config-file', file]), { message }));
  });
}

test('daemon config › further runtimes are objects in the file, and pairs as flags', () => {
  withFile(
    JSON.stringify({ runtimes: { own: { path: '/opt/own' }, other: { path: '/opt/other' } } }),
    (file) => {
      assert.deepEqual(readConfig(['--config-file', file]).runtimes, {
        own: '/opt/own',
        other: '/opt/other',
      });
      const flags = ['--config-file', file, '--add-runtime', 'a=/a=b'];
      assert.deepEqual(readConfig(flags).runtimes, { a: '/a=b' });
    },
  );
});

const badFlags: [string[], RegExp][] = [
  [['--nope'], /unknown flag: --nope/],
  [['--add-runtime', 'own'], /expected name=\/absolute\/path/],
  [['--add-runtime', 'own=relative'], /expected name=\/absolute\/path/],
  [['--add-runtime', '../own=/x'], /expected name=\/absolute\/path/],
  [['--add-runtime', 'crun=/x'], /the name crun is reserved/],
  [['positional'], /unknown flag: positional/],
  [['--data-root'], /flag needs an argument: --data-root/],
  [['--data-root', 'relative'], /expected an absolute path/],
  [['--config-file', '/does/not/exist'], /cannot read the configuration file/],
  [['-H', 'tcp://0.0.0.0:2375'], /only unix sockets/],
  [['-H', `unix:///${'s'.repeat(107)}`], /s has a longer path than the kernel's 107 bytes: .* with --host/],
  [['--run-root', `/${'r'.repeat(100)}`], /r\/dhow.sock has a longer path than the kernel's 107 bytes/],
  [['--log-level', 'loud'], /expected one of debug/],
  [['--max-concurrent-downloads', '0'], /from 1 to 64/],
];
for (const [argv, message] of badFlags) {
  test(`daemon config › refused flags: ${argv.join(' ')}`, () => {
    assert.throws(() => readConfig(argv), { message });
  });
}

test('daemon config › a socket path may be as long as the kernel takes, and the run root longer', () => {
  const host = `unix:///${'s'.repeat(106)}`;
  const config = readConfig(['--host', host, '--run-root', `/${'r'.repeat(500)}`]);
  assert.deepEqual(config.hosts, [host]);
});

test('daemon config › the help names every flag that is taken', () => {
  for (const flag of ['--host', '--data-root', '--debug', '--config-file', '--default-runtime']) {
    assert.ok(daemonHelp().includes(flag), flag);
  }
});
