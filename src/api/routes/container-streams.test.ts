import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { ApiServer } from '#api/server.ts';
import { ask, openRequest, upgrade } from '#api/testing/http.ts';
import { attachTerminal, create, serve } from '#api/testing/serve.ts';
import { RawStreamDecoder } from '#wire/raw-stream.ts';

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

async function statusOf(server: ApiServer, id: string): Promise<string> {
  return (await ask(server, 'GET', `/containers/${id}/json`)).json<{ State: { Status: string } }>().State
    .Status;
}

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
