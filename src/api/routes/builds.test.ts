import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiServer } from '#api/server.ts';
import { createFakeEngine } from '#api/testing/fake-engine.ts';
import { ask } from '#api/testing/http.ts';
import type { BuildSettings } from '#engine/builds.ts';
import { silentLog } from '#log/log.ts';
import type { ProgressMessage } from '#wire/progress.ts';

const tar = { 'content-type': 'application/x-tar' };

/** Asks a server whose builder keeps what it was asked for. */
async function askBuild(query: string, headers: Record<string, string> = {}) {
  const engine = createFakeEngine();
  const asked: BuildSettings[] = [];
  const { build } = engine.builds;
  engine.builds.build = (settings) => {
    asked.push(settings);
    return build(settings);
  };
  await using server = createApiServer(engine, { log: silentLog });
  const answer = await ask(server, 'POST', `/build?${query}`, 'archive', { ...tar, ...headers });
  const messages =
    answer.status === 200
      ? answer.body
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as ProgressMessage)
      : [];
  return { answer, messages, asked: asked[0] };
}

test('POST /build › answers with the stream of the first builder', async () => {
  const { messages } = await askBuild('t=app:v1&t=other');
  assert.deepEqual(messages.map(({ stream }) => stream).filter(Boolean), [
    'Step 1/3 : FROM busybox\n',
    'Step 2/3 : RUN make\n',
    'making\n',
    'Step 3/3 : CMD ["a"]\n',
    ' ---> Using cache\n',
    messages.find(({ stream }) => stream?.startsWith('Successfully built'))?.stream,
    'Successfully tagged app:v1\n',
    'Successfully tagged other:latest\n',
  ]);
  assert.ok(messages.some(({ aux }) => typeof aux === 'object' && aux !== null && 'ID' in aux));
});

test('POST /build › a command that fails ends the stream with its code', async () => {
  const { messages } = await askBuild(`buildargs=${encodeURIComponent('{"fail":"7"}')}`);
  assert.deepEqual(messages.at(-1), { errorDetail: { code: 7, message: 'it failed' }, error: 'it failed' });
});

test('POST /build › q says the id alone, and everything when it fails', async () => {
  const quiet = await askBuild('q=1');
  assert.equal(quiet.messages.length, 1);
  assert.match(quiet.messages[0]?.stream ?? '', /^sha256:[0-9a-f]{64}\n$/);
  const failed = await askBuild(`q=1&buildargs=${encodeURIComponent('{"fail":"7"}')}`);
  assert.ok(failed.messages.some(({ stream }) => stream === 'making\n'));
  assert.equal(failed.messages.at(-1)?.error, 'it failed');
});

test("POST /build › dhow-events gives the events to Dhow's own client", async () => {
  const { messages } = await askBuild('dhow-events=1');
  const events = messages.filter(({ id }) => id === 'dhow.build').map(({ aux }) => aux as { type: string });
  assert.deepEqual([...new Set(events.map(({ type }) => type))], ['plan', 'started', 'done', 'log', 'image']);
});

test('POST /build › reads its parameters', async () => {
  const parameters = new URLSearchParams({
    dockerfile: 'sub/File',
    target: 'stage',
    buildargs: JSON.stringify({ A: '1', SOURCE_DATE_EPOCH: '5', unset: null }),
    labels: JSON.stringify({ l: 'v' }),
    nocache: '1',
    pull: '1',
    platform: 'linux/arm64',
    networkmode: 'host',
    memory: '8388608',
    memswap: '-1',
    cpushares: '5',
    shmsize: '1024',
    ulimits: JSON.stringify([{ Name: 'nofile', Soft: 1, Hard: 2 }]),
    extrahosts: 'a:1.2.3.4,b:5.6.7.8',
  });
  const secrets = Buffer.from(JSON.stringify({ s: Buffer.from('hush').toString('base64') })).toString(
    'base64url',
  );
  const auth = {
    'https://index.docker.io/v1/': { username: 'u', password: 'p' },
    'r.example:5000': { auth: 'YTpi' },
  };
  const { asked } = await askBuild(parameters.toString(), {
    'x-dhow-build-secrets': secrets,
    'x-registry-config': Buffer.from(JSON.stringify(auth)).toString('base64url'),
  });
  assert.ok(asked);
  const { dockerfile, target, labels, noCache, pull, platforms, network, sourceDateEpoch, limits } = asked;
  assert.deepEqual(
    { dockerfile, target, labels, noCache, pull, platforms, network, sourceDateEpoch },
    {
      dockerfile: { path: 'sub/File' },
      target: 'stage',
      labels: { l: 'v' },
      noCache: 'all',
      pull: true,
      platforms: [{ os: 'linux', architecture: 'arm64' }],
      network: 'host',
      sourceDateEpoch: 5,
    },
  );
  assert.deepEqual(
    [...asked.buildArgs],
    [
      ['A', '1'],
      ['SOURCE_DATE_EPOCH', '5'],
    ],
  );
  assert.deepEqual(limits, {
    memoryBytes: 8388608,
    memorySwapBytes: -1,
    cpuShares: 5,
    shmSizeBytes: 1024,
    rlimits: [{ name: 'nofile', soft: 1, hard: 2 }],
    extraHosts: ['a:1.2.3.4', 'b:5.6.7.8'],
  });
  assert.equal(Buffer.from((await asked.secret('s')) ?? '').toString(), 'hush');
  assert.equal(await asked.secret('other'), undefined);
  assert.deepEqual(await asked.credentials('docker.io'), { kind: 'password', username: 'u', password: 'p' });
  const ofAuth = { kind: 'password', username: 'a', password: 'b' };
  assert.deepEqual(await asked.credentials('r.example:5000'), ofAuth);
  assert.equal(await asked.credentials('other'), undefined);
});

test('POST /build › several platforms, annotations, contexts by URL and an image for the cache', async () => {
  const parameters = new URLSearchParams({
    platform: 'linux/amd64,linux/arm64/v8,linux/amd64',
    'dhow-annotations': JSON.stringify({
      plain: '1',
      'index:b.c': '2',
      'index,manifest[linux/arm64]:d': '3',
    }),
    'dhow-contexts': JSON.stringify({
      Own: '',
      image: 'docker-image://busybox',
      repo: 'https://example.com/r.git#v1:sub',
      file: 'https://example.com/a.tgz',
    }),
    'dhow-cache-image': '1',
    'dhow-cache-tag': 'localhost/cache',
  });
  const { asked } = await askBuild(parameters.toString());
  const arm64 = { os: 'linux', architecture: 'arm64' };
  assert.deepEqual(asked?.platforms, [{ os: 'linux', architecture: 'amd64' }, arm64]);
  assert.deepEqual(asked?.annotations, [
    { level: 'manifest', name: 'plain', value: '1' },
    { level: 'index', name: 'b.c', value: '2' },
    { level: 'index', name: 'd', value: '3' },
    { level: 'manifest', name: 'd', value: '3', platform: arm64 },
  ]);
  assert.deepEqual(Object.fromEntries(asked?.contexts ?? []), {
    own: { kind: 'directory' },
    image: { kind: 'image', reference: 'busybox' },
    repo: { kind: 'git', git: { repository: 'https://example.com/r.git', ref: 'v1', directory: 'sub' } },
    file: { kind: 'url', url: new URL('https://example.com/a.tgz') },
  });
  assert.equal(asked?.cacheImage?.tags[0]?.repository, 'cache');
});

for (const [query, status, message] of [
  ['version=2', 501, /DOCKER_BUILDKIT=0/],
  ['squash=1', 501, /squashing/],
  ['networkmode=container:', 400, /name of a container/],
  ['buildargs=nonsense', 400, /buildargs/],
  ['labels=[]', 400, /labels/],
  ['t=UPPER', 400, /UPPER/],
  ['memory=1024', 400, /6MB/],
  ['platform=a/b/c/d', 400, /platform/],
  [`dhow-annotations=${encodeURIComponent('{"manifest-descriptor:a":"b"}')}`, 501, /manifest-descriptor/],
  [`dhow-contexts=${encodeURIComponent('{"a":"ftp://x/y"}')}`, 501, /ftp/],
  ['remote=ftp://example.com/a.tar', 501, /http/],
  ['buildargs=%7B%22SOURCE_DATE_EPOCH%22%3A%22now%22%7D', 400, /SOURCE_DATE_EPOCH/],
] as const) {
  test(`POST /build › refused: ${query}`, async () => {
    const { answer } = await askBuild(query);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.json<{ message: string }>().message, message);
  });
}

test('POST /build › a malformed secret is not repeated', async () => {
  const { answer } = await askBuild('', {
    'x-dhow-build-secrets': Buffer.from('hush').toString('base64url'),
  });
  assert.equal(answer.status, 400);
  assert.doesNotMatch(answer.body, /hush/);
});

test('POST /build/prune › tells what is gone', async () => {
  await using server = createApiServer(createFakeEngine(), { log: silentLog });
  const answer = await ask(server, 'POST', '/build/prune?keep-storage=100');
  assert.deepEqual(answer.json(), { CachesDeleted: ['sha256:1'], SpaceReclaimed: 7 });
});
