import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ask, openRequest } from '#api/testing/http.ts';
import { create, serve } from '#api/testing/serve.ts';

test('start answers 204, then 304', async () => {
  await using server = serve();
  const id = await create(server, { Cmd: ['sleep'] });
  assert.equal((await ask(server, 'POST', `/containers/${id}/start`)).status, 204);
  assert.equal((await ask(server, 'POST', `/containers/${id}/start`)).status, 304);
  assert.equal((await ask(server, 'POST', `/containers/${id}/start`, { Binds: [] })).status, 400);
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
