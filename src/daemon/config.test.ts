import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  type DaemonConfig,
  daemonHelp,
  readSettings,
  reloadSettings,
  resolveConfig,
} from '#daemon/config.ts';

function readConfig(argv: readonly string[]): DaemonConfig {
  return resolveConfig(readSettings(argv));
}

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
  ['a builder that is none', '{"builder": 1}', /"builder" must be an object/],
  [
    'a policy that Docker has',
    '{"builder": {"gc": {"defaultMinFreeSpace": "1GB"}}}',
    /"builder.gc.defaultMinFreeSpace" is not/,
  ],
  [
    'a filter of another kind',
    '{"builder": {"gc": {"policy": [{"filter": ["type=x"]}]}}}',
    /the filter "type=x"/,
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

test('daemon config › what builds keep, as Docker writes it', () => {
  const read = (gc: object) => {
    let config: ReturnType<typeof readConfig> | undefined;
    withFile(JSON.stringify({ builder: { gc } }), (file) => {
      config = readConfig(['--config-file', file]);
    });
    return [config?.maxBuildCacheBytes, config?.buildCacheRules];
  };
  assert.deepEqual(read({ enabled: true, defaultKeepStorage: '5GB' }), [5 * 1024 ** 3, []]);
  assert.deepEqual(read({ enabled: false }), [Number.MAX_SAFE_INTEGER, []]);
  const policy = [
    { keepStorage: '1MB', filter: ['unused-for=1h30m'] },
    { keepStorage: '2MB', all: true },
  ];
  assert.deepEqual(read({ policy }), [2 * 1024 ** 2, [{ keepBytes: 1024 ** 2, unusedForMs: 5_400_000 }]]);
});

test('daemon config › what builds keep, as flags', () => {
  const config = readConfig([
    '--build-cache',
    'keep=3m',
    '--build-cache',
    'keep=0,unused-for=2d',
    '--gc-interval=0',
  ]);
  assert.equal(config.maxBuildCacheBytes, 3 * 1024 ** 2);
  assert.deepEqual(config.buildCacheRules, [{ keepBytes: 0, unusedForMs: 172_800_000 }]);
  assert.equal(config.gcIntervalMs, 0);
});

const badFlags: [string[], RegExp][] = [
  [['--nope'], /unknown flag: --nope/],
  [['--build-cache', 'keep=1g,for=1h'], /expected off, keep=SIZE or/],
  [['--gc-interval', '5'], /expected a duration/],
  [['--gc-interval', '100d'], /from 1s to 24d/],
  [['--add-runtime', 'own'], /expected name=\/absolute\/path/],
  [['--add-runtime', 'own=relative'], /expected name=\/absolute\/path/],
  [['--add-runtime', '../own=/x'], /expected name=\/absolute\/path/],
  [['--add-runtime', 'crun=/x'], /the name crun is reserved/],
  [['positional'], /unknown flag: positional/],
  [['--data-root'], /flag needs an argument: --data-root/],
  [['--data-root', 'relative'], /expected an absolute path/],
  [['--config-file', '/does/not/exist'], /cannot read the configuration file/],
  [['-H', 'ftp://nowhere'], /cannot listen on "ftp:\/\/nowhere": expected unix/],
  [['-H', 'ssh://user@host'], /cannot listen on/],
  [['-H', 'tcp://127.0.0.1:70000'], /not of the form host:port/],
  [
    ['-H', 'tcp://127.0.0.1'],
    /whoever reaches tcp:\/\/127.0.0.1 would be root .*--tlsverify.*--insecure-tcp/,
  ],
  [['-H', 'tcp://127.0.0.1', '--tls'], /would be root on this machine/],
  [['--metrics-addr', '9323'], /"9323" is not of the form host:port/],
  [['--log-format', 'xml'], /expected one of text, json/],
  [['--shutdown-timeout', '-1'], /seconds/],
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

test('daemon config › TCP is had with client certificates, or by saying what it means', () => {
  const verified = readConfig(['-H', 'tcp://0.0.0.0:2376', '--tlsverify', '--tlscacert', '/own/ca.pem']);
  assert.deepEqual(verified.tlsFiles, {
    authority: '/own/ca.pem',
    certificate: '/etc/dhow/cert.pem',
    key: '/etc/dhow/key.pem',
  });
  const insecure = ['-H', 'tcp://[::1]:2375', '-H', 'fd://', '--insecure-tcp-without-client-certificates'];
  assert.deepEqual(readConfig(insecure).hosts, ['tcp://[::1]:2375', 'fd://']);
});

test('daemon config › where nothing is said, it listens on what was passed', () => {
  assert.deepEqual(resolveConfig(new Map(), 'fd://').hosts, ['fd://']);
});

test('daemon config › debug wins over the level of the log', () => {
  assert.equal(readConfig(['--debug', '--log-level', 'error']).logLevel, 'debug');
  assert.equal(readConfig(['--debug=false', '--log-level', 'error']).logLevel, 'error');
});

test('daemon config › a reload takes what can change and names the rest', () => {
  const start = new Map([
    ['debug', ['true']],
    ['bridge', ['old0']],
    ['insecure-registries', ['a:1']],
  ]);
  const { texts, changed, waiting } = reloadSettings(
    start,
    new Map([
      ['bridge', ['new0']],
      ['insecure-registries', ['a:1', 'b:2']],
      ['hosts', ['fd://']],
    ]),
  );
  assert.deepEqual(
    [changed.toSorted(), waiting.toSorted()],
    [
      ['debug', 'insecure-registries'],
      ['bridge', 'hosts'],
    ],
  );
  const { debug, bridge, insecureRegistries } = resolveConfig(texts);
  assert.deepEqual(
    { debug, bridge, insecureRegistries },
    {
      debug: false,
      bridge: 'old0',
      insecureRegistries: ['a:1', 'b:2'],
    },
  );
});

test('daemon config › the help names every flag that is taken', () => {
  for (const flag of ['--host', '--data-root', '--debug', '--config-file', '--default-runtime']) {
    assert.ok(daemonHelp().includes(flag), flag);
  }
});
