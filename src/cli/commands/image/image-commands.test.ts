import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { command as importCommand } from '#cli/commands/image/import.ts';
import { command as load } from '#cli/commands/image/load.ts';
import { command as ls } from '#cli/commands/image/ls.ts';
import { command as prune } from '#cli/commands/image/prune.ts';
import { command as pull } from '#cli/commands/image/pull.ts';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import { command as remove } from '#cli/commands/image/rm.ts';
import { command as tag } from '#cli/commands/image/tag.ts';
import { runCommand } from '#cli/testing/fake-context.ts';

const lines = (...messages: object[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join('');
const decodeAuth = (header: string | undefined) => JSON.parse(Buffer.from(header ?? '', 'base64').toString());

suite('image pull', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhow-pull-'));
    const auths = { 'reg.example:5000': { auth: Buffer.from('me:secret').toString('base64') } };
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths }));
  });
  after(() => rm(directory, { recursive: true }));

  const stream = lines(
    { status: 'Pulling from library/busybox', id: 'latest' },
    { status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: 'aaaaaaaaaaaa' },
    { status: 'Pull complete', progressDetail: {}, id: 'aaaaaaaaaaaa' },
    { status: 'Status: Downloaded newer image for busybox:latest' },
  );

  test('asks for the whole name with the default tag, and prints what docker prints into a pipe', async () => {
    const result = await runCommand(pull, {
      answers: { 'POST /images/create': { body: stream } },
      operands: ['busybox'],
    });
    assert.equal(result.code, 0);
    assert.equal(
      result.stdout,
      [
        'Using default tag: latest',
        'latest: Pulling from library/busybox',
        'aaaaaaaaaaaa: Pull complete',
        'Status: Downloaded newer image for busybox:latest',
        'docker.io/library/busybox:latest',
        '',
      ].join('\n'),
    );
    const [call] = result.calls;
    assert.deepEqual(call?.query, { fromImage: 'docker.io/library/busybox', tag: 'latest' });
    assert.deepEqual(decodeAuth(call?.headers['X-Registry-Auth']), {});
  });

  test('sends the credentials of the registry, and with --quiet prints the name alone', async () => {
    const result = await runCommand(pull, {
      answers: { 'POST /images/create': { body: stream } },
      operands: ['reg.example:5000/a/b:v1'],
      options: { quiet: true, platform: 'linux/arm64' },
      configDirectory: directory,
    });
    assert.equal(result.stdout, 'reg.example:5000/a/b:v1\n');
    const [call] = result.calls;
    assert.deepEqual(call?.query, { fromImage: 'reg.example:5000/a/b', tag: 'v1', platform: 'linux/arm64' });
    assert.deepEqual(decodeAuth(call?.headers['X-Registry-Auth']), {
      username: 'me',
      password: 'secret',
      serveraddress: 'reg.example:5000',
    });
  });

  for (const quiet of [true, false]) {
    test(`fails with the error of the stream${quiet ? ' also when quiet' : ''}`, async () => {
      const body = lines({ errorDetail: { message: 'no space left' }, error: 'no space left' });
      const settings = {
        answers: { 'POST /images/create': { body } },
        operands: ['busybox:1'],
        options: { quiet },
      };
      const result = await runCommand(pull, settings);
      assert.equal(result.thrown, 'no space left');
      assert.ok(!result.stdout.includes('docker.io'));
    });
  }

  const refused: [string, Record<string, boolean>, string[], RegExp][] = [
    ['all tags of one tag', { 'all-tags': true }, ['busybox:1'], /tag can't be used with --all-tags/],
    ['a name with spaces', {}, ['foo bar'], /invalid reference format/],
    ['an empty tag', {}, ['busybox:'], /invalid reference format/],
  ];
  for (const [name, options, operands, message] of refused) {
    test(`refuses ${name} without asking the daemon`, async () => {
      const result = await runCommand(pull, { operands, options });
      assert.match(result.thrown ?? '', message);
      assert.deepEqual(result.calls, []);
    });
  }
});

suite('references', () => {
  const names: [string, string][] = [
    ['busybox', 'docker.io/library/busybox'],
    ['library/busybox', 'docker.io/library/busybox'],
    ['a/b', 'docker.io/a/b'],
    ['docker.io/busybox', 'docker.io/library/busybox'],
    ['index.docker.io/a/b', 'docker.io/a/b'],
    ['localhost/library/x', 'localhost/library/x'],
    ['reg.example:5000/x', 'reg.example:5000/x'],
    ['a/b/c', 'docker.io/a/b/c'],
  ];
  for (const [name, canonical] of names) {
    test(`${name} is ${canonical}`, () => assert.equal(canonicalName(name), canonical));
  }

  test('a port is no tag', () => {
    assert.deepEqual(splitReference('localhost:5000/x'), {
      name: 'localhost:5000/x',
      tag: undefined,
      digest: undefined,
    });
  });
  test('a digest may follow a tag', () => {
    assert.deepEqual(splitReference('x:1@sha256:00'), { name: 'x', tag: '1', digest: 'sha256:00' });
  });
});

suite('image rm', () => {
  const answers = {
    'DELETE /images/a:1': { body: [{ Untagged: 'a:1' }, { Deleted: 'sha256:aa' }] },
    'DELETE /images/used': { status: 409, body: { message: 'image is being used by container x' } },
  };

  test('goes on after a failure and exits with 1', async () => {
    const result = await runCommand(remove, { answers, operands: ['nope', 'a:1', 'used'] });
    assert.equal(result.code, 1);
    assert.equal(result.stdout, 'Untagged: a:1\nDeleted: sha256:aa\n');
    assert.equal(
      result.stderr,
      'Error response from daemon: No such thing: /images/nope\nError response from daemon: image is being used by container x\n',
    );
  });

  const forced: [string[], number][] = [
    [['nope', 'a:1'], 0],
    [['nope', 'used'], 1],
  ];
  for (const [operands, code] of forced) {
    test(`with --force, ${operands.join(' and ')} exit with ${code}`, async () => {
      const result = await runCommand(remove, { answers, operands, options: { force: true } });
      assert.equal(result.code, code);
      assert.deepEqual(result.calls[0]?.query, { force: true });
    });
  }
});

suite('image load and import', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhow-load-'));
    await writeFile(join(directory, 'x.tar'), 'the archive');
  });
  after(() => rm(directory, { recursive: true }));

  const loaded = { 'POST /images/load': { body: lines({ stream: 'Loaded image: a:1\n' }) } };

  test('load sends a file, asks for no progress into a pipe, and prints what was loaded', async () => {
    const result = await runCommand(load, {
      answers: loaded,
      options: { input: 'x.tar' },
      workingDirectory: directory,
    });
    assert.deepEqual([result.code, result.stdout], [0, 'Loaded image: a:1\n']);
    assert.deepEqual([result.calls[0]?.body, result.calls[0]?.query], ['the archive', { quiet: true }]);
  });

  test('load sends stdin', async () => {
    const result = await runCommand(load, { answers: loaded, stdin: 'piped' });
    assert.equal(result.calls[0]?.body, 'piped');
  });

  const imported = { 'POST /images/create': { body: lines({ status: 'sha256:ff' }) } };

  test('import sends stdin with its settings', async () => {
    const result = await runCommand(importCommand, {
      answers: imported,
      operands: ['-', 'a/b:2'],
      options: { change: ['CMD ["x"]', 'ENV A=1'], message: 'm' },
      stdin: 'tar',
    });
    assert.deepEqual([result.code, result.stdout, result.calls[0]?.body], [0, 'sha256:ff\n', 'tar']);
    assert.deepEqual(result.calls[0]?.query, {
      fromSrc: '-',
      repo: 'a/b',
      tag: '2',
      message: 'm',
      changes: ['CMD ["x"]', 'ENV A=1'],
    });
  });

  const refused: [string, string[], RegExp][] = [
    ['a missing file', ['nope.tar'], /open nope\.tar: no such file/],
    ['a directory', ['.'], /is a directory/],
    ['a digest as a name', ['-', 'a@sha256:00'], /digest reference/],
  ];
  for (const [name, operands, message] of refused) {
    test(`import refuses ${name} without asking the daemon`, async () => {
      const result = await runCommand(importCommand, { operands, workingDirectory: directory });
      assert.match(result.thrown ?? '', message);
      assert.deepEqual(result.calls, []);
    });
  }
});

suite('other image commands', () => {
  test('tag uses latest when none is named, and keeps the slashes of the source', async () => {
    const answers = { 'POST /images/reg.example/a/tag': { status: 201 } };
    const result = await runCommand(tag, { answers, operands: ['reg.example/a', 'b'] });
    assert.equal(result.code, 0);
    assert.deepEqual(result.calls[0]?.query, { repo: 'b', tag: 'latest' });
  });

  test('ls sends its operand as a filter among the others', async () => {
    const result = await runCommand(ls, {
      answers: { 'GET /images/json': { body: [] } },
      operands: ['bb:1'],
      options: {
        all: true,
        filter: [
          ['dangling', 'false'],
          ['label', 'a'],
          ['label', 'b=c'],
        ],
      },
    });
    assert.equal(result.stdout, 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
    const filters = { dangling: ['false'], label: ['a', 'b=c'], reference: ['bb:1'] };
    assert.deepEqual(result.calls[0]?.query, { all: true, filters: JSON.stringify(filters) });
  });

  const pruned = {
    'POST /images/prune': {
      body: { ImagesDeleted: [{ Untagged: 'a:1' }, { Deleted: 'sha256:aa' }], SpaceReclaimed: 1_982_263 },
    },
  };
  for (const stdin of ['y\n', 'Y\n']) {
    test(`prune does its work after ${JSON.stringify(stdin)}`, async () => {
      const result = await runCommand(prune, { answers: pruned, stdin });
      assert.match(
        result.stdout,
        /Deleted Images:\nuntagged: a:1\ndeleted: sha256:aa\n\nTotal reclaimed space: 1\.982MB\n$/,
      );
      assert.deepEqual(result.calls[0]?.query, { filters: '{"dangling":["true"]}' });
    });
  }
  for (const stdin of ['', 'n\n', 'yes\n', '\ny\n']) {
    test(`prune leaves all alone after ${JSON.stringify(stdin)}`, async () => {
      const result = await runCommand(prune, { answers: pruned, stdin });
      assert.deepEqual([result.code, result.calls], [0, []]);
    });
  }
});
