import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { digestOf } from '#image/digest.ts';
import { parseReference } from '#image/reference.ts';
import type { Credentials, RegistryClient } from '#registry/registry.ts';
import {
  impatientClient,
  type Stub,
  type StubHandler,
  sendError,
  sendJson,
  startStub,
} from '#registry/testing/stub.ts';

const signal = new AbortController().signal;
const blob = Buffer.from('blob');
const descriptor = { mediaType: 'x', digest: digestOf(blob), size: blob.length };
const user: Credentials = { kind: 'password', username: 'user', password: 'pass:word' };
const basic = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;

async function fetch(
  client: RegistryClient,
  stub: Stub,
  credentials?: Credentials,
  name = 'a/b',
): Promise<string> {
  const options = { offset: 0, onRestart: async () => {}, credentials, signal };
  const chunks = await Array.fromAsync(
    client.fetchBlob(parseReference(`${stub.host}/${name}`), descriptor, options),
  );
  return Buffer.concat(chunks).toString();
}

/** Wants a token from `auth` that `accepts` likes. */
function guarded(auth: Stub, accepts: (token: string) => boolean): StubHandler {
  return ({ path, headers }, response) => {
    const token = headers.authorization?.replace('Bearer ', '');
    if (token !== undefined && accepts(token)) return void response.end(blob);
    const repository = /^\/v2\/(.*)\/(?:blobs|manifests)\//.exec(path)?.[1];
    const scope = repository ? `,scope="repository:${repository}:pull"` : '';
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': `Bearer realm="http://${auth.host}/token?keep=1",service="the service"${scope}`,
    });
  };
}

const sendToken = (response: ServerResponse, token: string, more: object = {}) =>
  sendJson(response, { token, ...more });

test('a token is fetched for the repository, anonymously, and used again', async () => {
  await using auth = await startStub((_, response) => sendToken(response, 't1', { expires_in: 300 }));
  await using stub = await startStub(guarded(auth, (token) => token === 't1'));
  using client = impatientClient();
  for (let i = 0; i < 3; i++) assert.equal(await fetch(client, stub), 'blob');
  assert.equal(auth.requests.length, 1);
  assert.equal(stub.requests.length, 4, 'one refusal');
  const url = new URL(`http://h${auth.requests[0]?.path}`);
  assert.equal(url.searchParams.get('keep'), '1');
  assert.equal(url.searchParams.get('service'), 'the service');
  assert.equal(url.searchParams.get('scope'), 'repository:a/b:pull');
  assert.equal(auth.requests[0]?.headers.authorization, undefined);
});

test('requests at the same time share one token', async () => {
  await using auth = await startStub((_, response) => sendToken(response, 't1'));
  await using stub = await startStub(guarded(auth, (token) => token === 't1'));
  using client = impatientClient();
  await Promise.all(Array.from({ length: 8 }, () => fetch(client, stub)));
  assert.equal(auth.requests.length, 1);
});

test('users and repositories do not share tokens', async () => {
  let issued = 0;
  await using auth = await startStub((_, response) => sendToken(response, `t${++issued}`));
  await using stub = await startStub(guarded(auth, () => true));
  using client = impatientClient();
  await fetch(client, stub);
  await fetch(client, stub, user);
  await fetch(client, stub, { ...user, password: 'other' });
  await fetch(client, stub, undefined, 'a/c');
  assert.equal(auth.requests.length, 4);
  assert.deepEqual(
    auth.requests.map(({ headers }) => headers.authorization),
    [undefined, basic, `Basic ${Buffer.from('user:other').toString('base64')}`, undefined],
  );
  assert.equal(new URL(`http://h${auth.requests[1]?.path}`).searchParams.get('account'), 'user');
});

test('a token that ended is renewed', async () => {
  let issued = 0;
  let accepted = 't1';
  await using auth = await startStub((_, response) =>
    sendToken(response, `t${++issued}`, { expires_in: 3600 }),
  );
  await using stub = await startStub(guarded(auth, (token) => token === accepted));
  using client = impatientClient();
  await fetch(client, stub);
  accepted = 't2';
  await Promise.all([fetch(client, stub), fetch(client, stub)]);
  assert.equal(issued, 2);
});

test('a token of which the server says that it has ended is not sent', async () => {
  let issued = 0;
  await using auth = await startStub((_, response) =>
    sendToken(response, `t${++issued}`, { expires_in: 1e-9 }),
  );
  await using stub = await startStub(guarded(auth, () => true));
  using client = impatientClient();
  await fetch(client, stub);
  await fetch(client, stub);
  assert.equal(issued, 2);
});

test('tokens that are never liked are not fetched for ever', async () => {
  let issued = 0;
  await using auth = await startStub((_, response) => sendToken(response, `t${++issued}`));
  await using stub = await startStub(guarded(auth, () => false));
  using client = impatientClient();
  await assert.rejects(fetch(client, stub), { kind: 'Unauthorized', message: /docker login 127\.0\.0\.1/ });
  assert.ok(issued <= 2, `${issued} tokens`);
});

test('a token that lacks a right is access denied', async () => {
  await using auth = await startStub((_, response) => sendToken(response, 't'));
  await using stub = await startStub((request, response, count) => {
    if (request.headers.authorization === undefined)
      return guarded(auth, () => false)(request, response, count);
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': `Bearer realm="http://${auth.host}/token",service="s",error="insufficient_scope"`,
    });
  });
  using client = impatientClient();
  await assert.rejects(fetch(client, stub), {
    kind: 'NotFound',
    reason: 'image-not-found',
    message: /^pull access denied for .*: denied: requested access to the resource is denied$/,
  });
});

test('an identity token is exchanged by POST, a registry token is sent as it is', async () => {
  await using auth = await startStub((_, response) => sendJson(response, { access_token: 'from-identity' }));
  await using stub = await startStub(guarded(auth, (token) => token === 'from-identity' || token === 'mine'));
  using client = impatientClient();
  await fetch(client, stub, { kind: 'identity-token', token: 'secret' });
  assert.equal(auth.requests[0]?.path, '/token?keep=1');
  assert.match(auth.requests[0]?.headers['content-type'] ?? '', /x-www-form-urlencoded/);
  await fetch(client, stub, { kind: 'registry-token', token: 'mine' });
  assert.equal(auth.requests.length, 1);
  assert.equal(stub.requests.at(-1)?.headers.authorization, 'Bearer mine');
  await assert.rejects(fetch(client, stub, { kind: 'registry-token', token: 'wrong' }), {
    kind: 'Unauthorized',
  });
});

test('basic authentication is used when it is asked for', async () => {
  const handler: StubHandler = ({ headers }, response) => {
    if (headers.authorization === basic) return void response.end(blob);
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': 'Basic realm="r"',
    });
  };
  await using stub = await startStub(handler);
  using client = impatientClient();
  assert.equal(await fetch(client, stub, user), 'blob');
  assert.equal(await fetch(client, stub, user), 'blob');
  assert.equal(stub.requests.length, 3, 'one refusal');
  await assert.rejects(fetch(client, stub), { kind: 'Unauthorized', message: /docker login/ });
  await assert.rejects(fetch(client, stub, { ...user, password: 'wrong' }), { kind: 'Unauthorized' });
});

test('a token server that refuses, fails or talks nonsense', async () => {
  const cases: [handler: StubHandler, kind: string, message: RegExp, requests: number][] = [
    [
      (_, response) => sendJson(response, { details: 'incorrect username or password' }, { status: 401 }),
      'Unauthorized',
      /unauthorized: incorrect username or password$/,
      1,
    ],
    [(_, response) => sendJson(response, {}, { status: 503 }), 'Unavailable', /token server .* 503/, 4],
    [(_, response) => sendJson(response, {}, { status: 429 }), 'ResourceExhausted', /token server/, 4],
    [(_, response) => sendJson(response, {}, { status: 404 }), 'Unavailable', /token server .* 404/, 1],
    [(_, response) => sendJson(response, {}), 'InvalidParameter', /without a usable token/, 1],
    [
      (_, response) => sendJson(response, { token: 'a\r\nb' }),
      'InvalidParameter',
      /without a usable token/,
      1,
    ],
    [
      (_, response) => sendJson(response, { token: 'x'.repeat(100_000) }),
      'InvalidParameter',
      /usable token/,
      1,
    ],
    [(_, response) => void response.end('x'.repeat(2_000_000)), 'InvalidParameter', /too large/, 1],
  ];
  for (const [handler, kind, message, requests] of cases) {
    await using auth = await startStub(handler);
    await using stub = await startStub(guarded(auth, () => true));
    using client = impatientClient();
    await assert.rejects(fetch(client, stub, user), (error: Error & { kind?: string }) => {
      assert.equal(error.kind, kind, String(message));
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message}${error.stack}`, /pass:word/);
      return true;
    });
    assert.equal(auth.requests.length, requests, String(message));
  }
});

test('a realm that is no address is refused', async () => {
  for (const realm of ['', 'file:///etc/passwd', 'nonsense']) {
    await using stub = await startStub((_, response) =>
      sendError(response, 401, 'UNAUTHORIZED', 'x', { 'www-authenticate': `Bearer realm="${realm}"` }),
    );
    using client = impatientClient();
    await assert.rejects(
      fetch(client, stub, user),
      { kind: 'Unavailable', message: /no HTTP address/ },
      realm,
    );
  }
});

test('credentials are checked against the registry', async () => {
  await using auth = await startStub(({ headers }, response) =>
    headers.authorization === basic
      ? sendToken(response, 't')
      : sendJson(response, { details: 'incorrect username or password' }, { status: 401 }),
  );
  await using stub = await startStub(
    guarded(auth, (token) => token === 't'),
    { seesPing: true },
  );
  using client = impatientClient();
  await client.checkCredentials(stub.host, user, signal);
  await client.checkCredentials(`http://${stub.host}/v1/`, user, signal);
  await assert.rejects(client.checkCredentials(stub.host, { ...user, password: 'no' }, signal), {
    kind: 'Unauthorized',
    message: /unauthorized: incorrect username or password$/,
  });
  await using open = await startStub((_, response) => response.end('{}'));
  await client.checkCredentials(open.host, user, signal);
});

test('a login gets a token to keep where the server gives one', async () => {
  const asked: string[] = [];
  await using auth = await startStub(({ path }, response) => {
    const query = new URL(path, 'http://x').searchParams;
    asked.push(query.get('offline_token') ?? '');
    sendJson(response, {
      token: 't',
      ...(query.get('offline_token') === 'true' ? { refresh_token: 'kept' } : {}),
    });
  });
  await using stub = await startStub(
    guarded(auth, (token) => token === 't'),
    { seesPing: true },
  );
  using client = impatientClient();
  assert.deepEqual(await client.checkCredentials(stub.host, user, signal), { identityToken: 'kept' });
  assert.deepEqual(asked, ['', 'true']);
});
