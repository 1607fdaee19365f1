import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { findCredentials, registryOf, storeCredentials } from '#cli/credentials.ts';

suite('credentials', () => {
  let directory = '';
  const path = process.env['PATH'];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhow-credentials-'));
    process.env['PATH'] = `${directory}:${path}`;
  });
  after(async () => {
    process.env['PATH'] = path;
    await rm(directory, { recursive: true });
  });

  async function withConfig(config: unknown): Promise<void> {
    await writeFile(
      join(directory, 'config.json'),
      typeof config === 'string' ? config : JSON.stringify(config),
    );
  }

  async function withHelper(name: string, script: string): Promise<void> {
    const file = join(directory, `docker-credential-${name}`);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  const registries: [string, string][] = [
    ['busybox', 'docker.io'],
    ['library/busybox:1', 'docker.io'],
    ['docker.io/library/busybox', 'docker.io'],
    ['index.docker.io/a/b', 'docker.io'],
    ['localhost/a', 'localhost'],
    ['localhost:5000/a/b:1', 'localhost:5000'],
    ['reg.example/a@sha256:00', 'reg.example'],
    ['a/b', 'docker.io'],
  ];
  for (const [reference, registry] of registries) {
    test(`${reference} is asked for at ${registry}`, () => assert.equal(registryOf(reference), registry));
  }

  test('without a file there are none', async () => {
    assert.deepEqual(await findCredentials(join(directory, 'nowhere'), 'reg.example'), {});
  });

  const auth = Buffer.from('me:pass:word').toString('base64');
  const known = { username: 'me', password: 'pass:word' };
  const entries: [string, unknown, string, unknown][] = [
    ['by host', { 'reg.example': { auth } }, 'reg.example', { ...known, serveraddress: 'reg.example' }],
    [
      'by URL',
      { 'https://reg.example/v1/': { auth } },
      'reg.example',
      { ...known, serveraddress: 'reg.example' },
    ],
    [
      'of Docker Hub',
      { 'https://index.docker.io/v1/': { auth } },
      'docker.io',
      { ...known, serveraddress: 'https://index.docker.io/v1/' },
    ],
    [
      'as a token',
      { 'reg.example': { identitytoken: 'abc' } },
      'reg.example',
      { identitytoken: 'abc', serveraddress: 'reg.example' },
    ],
    ['of another host', { 'other.example': { auth } }, 'reg.example', {}],
  ];
  for (const [name, auths, registry, expected] of entries) {
    test(`an entry ${name}`, async () => {
      await withConfig({ auths });
      assert.deepEqual(await findCredentials(directory, registry), expected);
    });
  }

  test('a store is asked on its stdin for every registry', async () => {
    await withConfig({ credsStore: 'test' });
    await withHelper(
      'test',
      'read host; printf \'{"ServerURL":"%s","Username":"u","Secret":"of %s"}\' "$host" "$host"',
    );
    assert.deepEqual(await findCredentials(directory, 'reg.example'), {
      username: 'u',
      password: 'of reg.example',
      serveraddress: 'reg.example',
    });
  });

  test("a registry's own helper goes before the store, and may give a token", async () => {
    await withConfig({ credsStore: 'missing', credHelpers: { 'reg.example': 'test' } });
    await withHelper('test', 'echo \'{"Username":"<token>","Secret":"t"}\'');
    assert.deepEqual(await findCredentials(directory, 'reg.example'), {
      identitytoken: 't',
      serveraddress: 'reg.example',
    });
  });

  test('a helper that knows nothing is no error', async () => {
    await withConfig({ credsStore: 'test' });
    await withHelper('test', 'echo credentials not found in native keychain; exit 1');
    assert.deepEqual(await findCredentials(directory, 'reg.example'), {});
  });

  const failures: [string, unknown, string, { name: string; message: RegExp }][] = [
    [
      'that is missing',
      { credsStore: 'missing' },
      '',
      { name: 'Unavailable', message: /docker-credential-missing/ },
    ],
    [
      'that fails',
      { credsStore: 'test' },
      'echo locked; exit 3',
      { name: 'Unavailable', message: /exit code 3.*locked/ },
    ],
    ['that babbles', { credsStore: 'test' }, 'echo hello', { name: 'Unavailable', message: /not JSON/ }],
    [
      'with a path for a name',
      { credsStore: '../x' },
      '',
      { name: 'InvalidParameter', message: /credential helper/ },
    ],
  ];
  for (const [name, config, script, expected] of failures) {
    test(`a helper ${name} is an error that names it`, async () => {
      await withConfig(config);
      await withHelper('test', script);
      await assert.rejects(findCredentials(directory, 'reg.example'), expected);
    });
  }

  test('a login is written to where a link leads, which need not be there yet', async () => {
    const linked = join(directory, 'linked');
    const target = join(directory, 'dotfiles.json');
    await mkdir(linked);
    await symlink('../dotfiles.json', join(linked, 'config.json'));
    for (const password of ['first', 'second']) {
      await storeCredentials(linked, 'reg.example', { username: 'me', password });
      assert.equal((await findCredentials(linked, 'reg.example')).password, password);
      assert.equal(await readlink(join(linked, 'config.json')), '../dotfiles.json');
      assert.ok((await lstat(target)).isFile());
    }
    assert.deepEqual(await readdir(linked), ['config.json']);
  });

  test('a file that is not JSON is an error that names it', async () => {
    await withConfig('{');
    await assert.rejects(findCredentials(directory, 'reg.example'), {
      name: 'InvalidParameter',
      message: /config\.json/,
    });
  });
});
