import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { ask, openRequest } from '#api/testing/http.ts';
import { create, serve } from '#api/testing/serve.ts';
import type { SystemInfo } from '#wire/system.ts';

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

test('info names the proxies, without their passwords', async () => {
  await using server = serve();
  const info = (await ask(server, 'GET', '/info')).json<SystemInfo>();
  assert.deepEqual(
    [info.HttpProxy, info.HttpsProxy, info.NoProxy],
    ['', 'http://xxxxx:xxxxx@proxy.test:3128', 'localhost'],
  );
});
