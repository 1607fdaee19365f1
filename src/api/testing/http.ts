import { once } from 'node:events';
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import type { ApiServer } from '#api/server.ts';

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
  /** The body parsed as JSON. */
  json<T>(): T;
}

/** A request over a connection of its own inside the process; nothing is sent before `end`. */
export function openRequest(
  server: ApiServer,
  method: string,
  path: string,
  options: RequestOptions = {},
): ClientRequest {
  const request = httpRequest({
    method,
    path,
    ...options,
    // The type wants a net.Socket; the client needs no more than a Duplex.
    createConnection: () => server.connectInProcess() as never,
  });
  request.on('error', () => {});
  return request;
}

/** One request and its whole answer. A body that is not text is sent as JSON. */
export async function ask(
  server: ApiServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const request = openRequest(server, method, path, {
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
  });
  request.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const received = await text(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: received,
    json: <T>() => JSON.parse(received) as T,
  };
}

/**
 * Asks for `Upgrade: tcp` as Docker's client does, and gives the raw connection. `bodyApart`: the body does not come in one packet
 * with the headers.
 */
export async function upgrade(
  server: ApiServer,
  path: string,
  body?: object,
  { bodyApart = false } = {},
): Promise<{ response: IncomingMessage; socket: Duplex }> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'tcp',
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  };
  const request = openRequest(server, 'POST', path, { headers });
  if (bodyApart) {
    request.flushHeaders();
    await turn();
  }
  request.end(text);
  const [response, socket, head] = (await once(request, 'upgrade')) as [IncomingMessage, Duplex, Buffer];
  if (head.length > 0) socket.unshift(head);
  return { response, socket };
}
