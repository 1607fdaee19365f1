import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createApiServer } from '#api/server.ts';
import { createFakeEngine } from '#api/testing/fake-engine.ts';
import { ask, openRequest } from '#api/testing/http.ts';
import { attachTerminal, create, serve } from '#api/testing/serve.ts';
import { silentLog } from '#log/log.ts';

test('ping tells the version, and HEAD has no body', async () => {
  await using server = serve();
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(server, method, '/_ping');
    assert.equal(answer.status, 200);
    assert.equal(answer.body, method === 'GET' ? 'OK' : '');
    assert.equal(answer.headers['api-version'], '1.51');
    assert.equal(answer.headers['ostype'], 'linux');
    assert.equal(answer.headers['docker-experimental'], 'false');
  }
});

test('the version in the path is optional and bounded', async () => {
  await using server = serve();
  for (const [path, status, message] of [
    ['/version', 200, ''],
    ['/v1.22/version', 200, ''],
    ['/v1.56/version', 200, ''],
    ['/v1.21/version', 400, 'client version 1.21 is too old. Minimum supported API version is 1.22'],
    ['/v1.57/version', 400, 'client version 1.57 is too new. Maximum supported API version is 1.56'],
    ['/v2.0/version', 400, 'too new'],
    ['/nothing', 404, 'page not found'],
    ['/networks/%ff', 400, 'malformed escape'],
    ['/v1.40/containers/json/more', 404, 'page not found'],
  ] as const) {
    const answer = await ask(server, 'GET', path);
    assert.equal(answer.status, status, path);
    assert.ok(answer.body.includes(message), answer.body);
  }
});

test('bodies that are no JSON, too large or of another type are refused', async () => {
  await using server = serve();
  const path = '/containers/create';
  assert.match((await ask(server, 'POST', path, '{"Image":')).body, /invalid JSON/);
  assert.match(
    (await ask(server, 'POST', path, '{}', { 'content-type': 'text/plain' })).body,
    /must be 'application\/json'/,
  );
  const large = await ask(server, 'POST', path, `"${'x'.repeat(4 * 1024 * 1024)}"`);
  assert.deepEqual([large.status, /larger than/.test(large.body)], [400, true]);
});

test('an error has Docker’s message with its kind and reason', async () => {
  await using server = serve();
  const answer = await ask(server, 'POST', '/containers/create', { Image: 'absent' });
  assert.equal(answer.status, 404);
  assert.deepEqual(answer.json(), {
    message: 'No such image: absent',
    kind: 'NotFound',
    reason: 'image-not-found',
  });
  const id = await create(server, { Cmd: ['absent'] });
  const start = await ask(server, 'POST', `/containers/${id}/start`);
  assert.equal(start.status, 400);
  assert.equal(start.json<{ reason: string }>().reason, 'executable-not-found');
  assert.equal((await ask(server, 'POST', '/build/cancel')).status, 501);
  assert.equal((await ask(server, 'GET', '/nodes')).status, 503);
});

test('a client that goes away aborts what it waited for', async () => {
  const engine = createFakeEngine();
  const aborted = Promise.withResolvers<void>();
  const { wait } = engine.containers;
  engine.containers.wait = (id, condition, signal) => {
    signal.addEventListener('abort', () => aborted.resolve());
    return wait(id, condition, signal);
  };
  await using server = serve(engine);
  const id = await create(server, { Cmd: ['sleep'] });
  const request = openRequest(server, 'POST', `/containers/${id}/wait?condition=next-exit`);
  request.end();
  await once(request, 'response');
  request.destroy();
  await aborted.promise;
});

test('closing ends every connection', async () => {
  const server = serve();
  const { socket } = await attachTerminal(server);
  const request = openRequest(server, 'GET', '/events');
  request.end();
  await once(request, 'response');
  const idle = server.connectInProcess();
  const closed = [socket, request, idle].map((connection) => once(connection, 'close'));
  socket.resume();
  idle.resume();
  await server.close();
  await Promise.all(closed);
});

test('closing with time to spare lets a request end, cuts streams at once, and refuses what comes after', async () => {
  const engine = createFakeEngine();
  const ended = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  engine.volumes.prune = async () => {
    begun.resolve();
    await ended.promise;
    return { removed: [], freedBytes: 0 };
  };
  const server = serve(engine);
  const stream = openRequest(server, 'GET', '/events');
  stream.end();
  await once(stream, 'response');
  const late = server.connectInProcess();
  const pruned = ask(server, 'POST', '/volumes/prune');
  await begun.promise;
  const closed = server.close(60_000);
  await new Promise((resolve) => stream.once('close', resolve));
  late.write('GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(await text(late), /^HTTP\/1.1 503 .*the daemon is shutting down/s);
  ended.resolve();
  assert.equal((await pruned).status, 200);
  await closed;
});

test('closing cuts what does not end in time', async () => {
  const engine = createFakeEngine();
  const begun = Promise.withResolvers<void>();
  engine.volumes.prune = () => {
    begun.resolve();
    return new Promise(() => {});
  };
  const server = serve(engine);
  const request = openRequest(server, 'POST', '/volumes/prune');
  request.end();
  await begun.promise;
  const cut = new Promise((resolve) => request.once('close', resolve));
  await server.close(1);
  await cut;
});

test('the debug endpoints are there only while debugging is on', async () => {
  let debug = false;
  await using server = createApiServer(createFakeEngine(), { log: silentLog, debug: () => debug });
  assert.equal((await ask(server, 'GET', '/debug/state')).status, 404);
  debug = true;
  const state = (await ask(server, 'GET', '/debug/state')).json<{ requests: { path: string }[] }>();
  assert.deepEqual(
    state.requests.map(({ path }) => path),
    ['/debug/state'],
  );
  const report = (await ask(server, 'GET', '/debug/report')).json<Record<string, unknown>>();
  assert.ok('libuv' in report && !('environmentVariables' in report));
  const heap = (await ask(server, 'GET', '/debug/heap-snapshot')).json<{
    snapshot: { node_count: number };
  }>();
  assert.ok(heap.snapshot.node_count > 1000);
  const profile = (await ask(server, 'GET', '/debug/cpu-profile?seconds=1')).json<{ nodes: unknown[] }>();
  assert.ok(profile.nodes.length > 0);
  assert.equal((await ask(server, 'GET', '/debug/cpu-profile?seconds=0')).status, 400);
});
