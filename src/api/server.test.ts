import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { type ApiServer, createApiServer } from '#api/server.ts';
import { createFakeEngine } from '#api/testing/fake-engine.ts';
import { ask, openRequest, upgrade } from '#api/testing/http.ts';
import type { Engine } from '#engine/engine.ts';
import { silentLog } from '#log/log.ts';
import { RawStreamDecoder } from '#wire/raw-stream.ts';

function serve(engine: Engine = createFakeEngine()): ApiServer {
  return createApiServer(engine, { log: silentLog });
}

async function create(server: ApiServer, body: object): Promise<string> {
  const answer = await ask(server, 'POST', '/containers/create', { Image: 'busybox', ...body });
  assert.equal(answer.status, 201, answer.body);
  return answer.json<{ Id: string }>().Id;
}

/** stdout and stderr of a framed stream. */
async function demultiplex(stream: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const decoder = new RawStreamDecoder();
  const texts: Record<string, string> = { stdout: '', stderr: '' };
  for await (const chunk of stream) {
    for (const piece of decoder.push(chunk)) texts[piece.stream] += Buffer.from(piece.bytes).toString();
  }
  assert.equal(decoder.atBoundary, true);
  return texts;
}

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

test('start answers 204, then 304', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['sleep'] });
  assert.equal((await ask(server, 'POST', `/containers/${id}/start`)).status, 204);
  assert.equal((await ask(server, 'POST', `/containers/${id}/start`)).status, 304);
  assert.equal((await ask(server, 'POST', `/containers/${id}/start`, { Binds: [] })).status, 400);
});

test('attach upgrades; the client’s half-close is the end of stdin, and output goes on after it', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['cat'], OpenStdin: true });
  const { response, socket } = await upgrade(
    server,
    `/v1.44/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`,
  );
  assert.equal(response.statusCode, 101);
  assert.equal(response.headers['content-type'], 'application/vnd.docker.multiplexed-stream');
  await ask(server, 'POST', `/containers/${id}/start`);
  socket.end('typed\n');
  assert.deepEqual(await demultiplex(socket), { stdout: 'typed\n', stderr: '' });
});

test('an upgrade whose body comes after its headers is taken as well', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['cat'], OpenStdin: true });
  await ask(server, 'POST', `/containers/${id}/start`);
  const path = `/containers/${id}/attach?stream=1&stdin=1&stdout=1`;
  const { socket } = await upgrade(server, path, { ignored: true }, { bodyApart: true });
  socket.write('typed ');
  socket.end('later');
  assert.deepEqual(await demultiplex(socket), { stdout: 'typed later', stderr: '' });
});

test('before 1.42 the content type is the raw one', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['both'] });
  const { response, socket } = await upgrade(
    server,
    `/v1.41/containers/${id}/attach?stream=1&stdout=1&stderr=1`,
  );
  assert.equal(response.headers['content-type'], 'application/vnd.docker.raw-stream');
  await ask(server, 'POST', `/containers/${id}/start`);
  assert.deepEqual(await demultiplex(socket), { stdout: 'to stdout\n', stderr: 'to stderr\n' });
});

test('without Upgrade, attach answers 200 and the connection is raw as well', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['cat'], OpenStdin: true, Tty: false });
  await ask(server, 'POST', `/containers/${id}/start`);
  const socket = server.connectInProcess();
  socket.write(
    `POST /containers/${id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(
    head.toString(),
    /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.multiplexed-stream\r\n/,
  );
  socket.end('raw stdin');
  const end = head.indexOf('\r\n\r\n') + 4;
  const rest = Buffer.concat([head.subarray(end), await buffer(socket)]);
  assert.equal(rest.subarray(8).toString(), 'raw stdin');
});

test('attach without stream and logs ends at once', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['sleep'] });
  const { socket } = await upgrade(server, `/containers/${id}/attach?stdout=1`, { ignored: true });
  assert.equal(await text(socket), '');
});

test('a refused upgrade is an ordinary answer', async () => {
  await using server = serve();
  const request = openRequest(server, 'POST', '/containers/absent/attach?stream=1', {
    headers: { Connection: 'Upgrade', Upgrade: 'tcp' },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 404);
  assert.match(await text(response), /No such container: absent/);
});

async function attachTerminal(server: ApiServer, query = ''): Promise<{ id: string; socket: Duplex }> {
  const id = await create(server, { Cmd: ['cat'], OpenStdin: true, Tty: true });
  const { response, socket } = await upgrade(
    server,
    `/containers/${id}/attach?stream=1&stdin=1&stdout=1${query}`,
  );
  assert.equal(response.headers['content-type'], 'application/vnd.docker.raw-stream');
  await ask(server, 'POST', `/containers/${id}/start`);
  return { id, socket };
}

async function statusOf(server: ApiServer, id: string): Promise<string> {
  return (await ask(server, 'GET', `/containers/${id}/json`)).json<{ State: { Status: string } }>().State
    .Status;
}

test('the detach keys end the session and not the container', async () => {
  await using server = serve();
  const { id, socket } = await attachTerminal(server, '&detachKeys=ctrl-a,x');
  socket.write('kept');
  const [echo] = (await once(socket, 'data')) as [Buffer];
  assert.equal(echo.toString(), 'kept');
  socket.write('\x01x never arrives');
  assert.equal(await text(socket), '');
  assert.equal(await statusOf(server, id), 'running');
});

test('the end of a terminal’s input ends the session and not the container', async () => {
  await using server = serve();
  const { id, socket } = await attachTerminal(server);
  socket.end();
  assert.equal(await text(socket), '');
  assert.equal(await statusOf(server, id), 'running');
});

test('wait sends its headers at once and its body at the exit', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['exit', '7'], HostConfig: { AutoRemove: true } });
  const request = openRequest(server, 'POST', `/containers/${id}/wait?condition=removed`);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  await ask(server, 'POST', `/containers/${id}/start`);
  assert.deepEqual(JSON.parse(await text(response)), { StatusCode: 7 });
  assert.equal((await ask(server, 'GET', `/containers/${id}/json`)).status, 404);
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

test('exec: output, exit code, and a program that is not there', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['sleep'] });
  await ask(server, 'POST', `/containers/${id}/start`);
  for (const [Cmd, code, output] of [
    [['echo', 'inside'], 0, 'inside\n'],
    [['exit', '9'], 9, ''],
    [['absent'], 127, 'exec: "absent": executable file not found in $PATH: unknown\r\n'],
  ] as const) {
    const body = { Cmd, AttachStdout: true, AttachStderr: true };
    const { Id } = (await ask(server, 'POST', `/containers/${id}/exec`, body)).json<{ Id: string }>();
    const { socket } = await upgrade(server, `/exec/${Id}/start`, { Detach: false });
    assert.equal((await demultiplex(socket))['stdout'], output);
    const inspect = (await ask(server, 'GET', `/exec/${Id}/json`)).json<{ ExitCode: number }>();
    assert.equal(inspect.ExitCode, code, Cmd.join(' '));
  }
  assert.match((await ask(server, 'POST', `/containers/${id}/exec`, {})).body, /no exec command specified/i);
});

test('logs are framed and may carry timestamps', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['both'] });
  await ask(server, 'POST', `/containers/${id}/start`);
  const read = async (query: string) => {
    const request = openRequest(server, 'GET', `/containers/${id}/logs?${query}`);
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return demultiplex(response);
  };
  assert.deepEqual(await read('stdout=1&stderr=1'), { stdout: 'to stdout\n', stderr: 'to stderr\n' });
  assert.deepEqual(await read('stderr=1&timestamps=1'), {
    stdout: '',
    stderr: '2026-01-02T03:04:05.000000006Z to stderr\n',
  });
  assert.equal((await ask(server, 'GET', `/containers/${id}/logs`)).status, 400);
});

test('a pull that fails before its first line has a status, after it a last line', async () => {
  await using server = serve();
  const early = await ask(server, 'POST', '/images/create?fromImage=absent&tag=latest');
  assert.deepEqual([early.status, early.json<{ kind: string }>().kind], [404, 'NotFound']);
  const late = await ask(server, 'POST', '/images/create?fromImage=pulled&tag=broken');
  const lines = late.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.equal(late.status, 200);
  assert.deepEqual(lines[0], { status: 'Pulling from library/pulled', id: 'broken' });
  assert.deepEqual(lines.at(-1), { errorDetail: { message: 'layer is damaged' }, error: 'layer is damaged' });
  const whole = await ask(server, 'POST', '/images/create?fromImage=pulled&tag=x');
  assert.match(whole.body, /"Status: Downloaded newer image for pulled:x"}\n$/);
  const all = await ask(server, 'POST', '/images/create?fromImage=pulled');
  assert.match(all.body, /"Status: Downloaded newer image for pulled:latest"}\n$/);
});

test('events are sent as they happen and filtered', async () => {
  await using server = serve();
  const filters = encodeURIComponent(JSON.stringify({ event: ['create'], type: { container: true } }));
  const request = openRequest(server, 'GET', `/events?filters=${filters}`);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const id = await create(server, { Cmd: ['true'] });
  await ask(server, 'POST', `/containers/${id}/start`);
  const [line] = (await once(response, 'data')) as [Buffer];
  const event = JSON.parse(line.toString());
  assert.deepEqual([event.Type, event.Action, event.Actor.ID, event.id], ['container', 'create', id, id]);
  assert.equal((await ask(server, 'GET', '/events?filters={"bogus":["x"]}')).status, 400);
});

test('containers are listed by filter, newest first', async () => {
  await using server = serve();
  const sleeping = await create(server, { Cmd: ['sleep'], Labels: { role: 'a' } });
  const created = await create(server, {
    Cmd: ['true'],
    Labels: { role: 'b' },
    ExposedPorts: { '80/tcp': {} },
  });
  await ask(server, 'POST', `/containers/${sleeping}/start`);
  const list = async (query: string) =>
    (await ask(server, 'GET', `/containers/json?${query}`)).json<{ Id: string }[]>().map(({ Id }) => Id);
  const filtered = (filters: object) => list(`all=1&filters=${encodeURIComponent(JSON.stringify(filters))}`);
  assert.deepEqual(await list(''), [sleeping]);
  assert.deepEqual(await list('all=1'), [created, sleeping]);
  assert.deepEqual(await list('limit=1'), [created]);
  assert.deepEqual(await filtered({ label: ['role=a'] }), [sleeping]);
  assert.deepEqual(await filtered({ status: { created: true } }), [created]);
  assert.deepEqual(await filtered({ id: [sleeping.slice(0, 12)] }), [sleeping]);
  assert.deepEqual(await filtered({ name: ['^/fake_'] }), [created, sleeping]);
  assert.deepEqual(await filtered({ ancestor: ['busybox'], expose: ['79-81'] }), [created]);
  assert.deepEqual(await filtered({ ancestor: ['absent'] }), []);
  assert.deepEqual(await filtered({ network: ['bridge'] }), [created, sleeping]);
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
