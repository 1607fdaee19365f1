import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createRegistryClient } from '#registry/client.ts';
import type { RegistryClient, RegistryOptions } from '#registry/registry.ts';

/** A server in this process that misbehaves as a test wants it to. */
export interface Stub extends AsyncDisposable {
  /** `127.0.0.1:port` */
  host: string;
  /** What was asked, without the requests by which a client finds out whether the host speaks HTTP at all. */
  requests: StubRequest[];
}

export interface StubRequest {
  path: string;
  headers: IncomingMessage['headers'];
}

export type StubHandler = (request: StubRequest, response: ServerResponse, count: number) => void;

/**
 * @param handle gets the number of requests with the same path so far, the present one included
 * @param options `seesPing`: whether requests for `/v2/` without authorization go to `handle` as well
 */
export async function startStub(
  handle: StubHandler,
  {
    seesPing = false,
    tls,
    port: wanted = 0,
  }: { seesPing?: boolean; tls?: ServerOptions; port?: number } = {},
): Promise<Stub> {
  const requests: StubRequest[] = [];
  const counts = new Map<string, number>();
  const listener: RequestListener = ({ url = '', headers }, response) => {
    if (!seesPing && url === '/v2/' && headers.authorization === undefined) {
      response.end('{}');
      return;
    }
    const request = { path: url, headers };
    requests.push(request);
    const count = (counts.get(url) ?? 0) + 1;
    counts.set(url, count);
    handle(request, response, count);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A client whose patience is short. */
export function impatientClient(options: Partial<RegistryOptions> = {}): RegistryClient & Disposable {
  return createRegistryClient({
    insecureRegistries: [],
    mirrors: [],
    userAgent: 'dhow-test',
    ...options,
    limits: { backOffMs: 1, backOffCapMs: 4, attempts: 4, idleTimeoutMs: 5_000, ...options.limits },
  });
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** An error of the distribution spec. */
export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, { errors: [{ code, message }] }, { status, headers });
}
