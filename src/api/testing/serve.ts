import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { type ApiServer, createApiServer } from '#api/server.ts';
import { createFakeEngine } from '#api/testing/fake-engine.ts';
import { ask, upgrade } from '#api/testing/http.ts';
import type { Engine } from '#engine/engine.ts';
import { silentLog } from '#log/log.ts';

/** A server of the whole API over an engine that only remembers. */
export function serve(engine: Engine = createFakeEngine()): ApiServer {
  return createApiServer(engine, { log: silentLog });
}

/** @returns the id of a new container */
export async function create(server: ApiServer, body: object): Promise<string> {
  const answer = await ask(server, 'POST', '/containers/create', { Image: 'busybox', ...body });
  assert.equal(answer.status, 201, answer.body);
  return answer.json<{ Id: string }>().Id;
}

/** Starts a container that echoes its terminal, with a client attached. */
export async function attachTerminal(server: ApiServer, query = ''): Promise<{ id: string; socket: Duplex }> {
  const id = await create(server, { Cmd: ['cat'], OpenStdin: true, Tty: true });
  const { response, socket } = await upgrade(
    server,
    `/containers/${id}/attach?stream=1&stdin=1&stdout=1${query}`,
  );
  assert.equal(response.headers['content-type'], 'application/vnd.docker.raw-stream');
  await ask(server, 'POST', `/containers/${id}/start`);
  return { id, socket };
}
